// One upload on its way: how far it is, and what to do if it failed.
import { formatShare } from '../format.ts'
import type { Sending } from '../state.ts'
import { cancelUpload, retryUpload } from '../uploads.ts'
import { words } from '../words.ts'
import { CloseIcon, ImageIcon, RetryIcon } from './icons.tsx'

export function UploadCard({ item }: { item: Sending }) {
  const { filename, share } = { filename: item.file.name, share: Math.min(1, item.sentBytes / item.file.size) }
  const failed = item.phase === 'failed'
  return (
    <li class="card" data-state={failed ? 'failed' : 'uploading'}>
      <article aria-label={item.title || filename}>
        <div class="lead" data-busy={item.phase === 'finishing'}>
          {item.preview ? <img class="lead-placeholder" src={item.preview} alt="" /> : <ImageIcon />}
          <span class="lead-state">{words.upload[item.phase]}</span>
        </div>
        <div class="card-words">
          {item.title && (
            <p class="title-still" dir="auto">
              {item.title}
            </p>
          )}
          <p class="filename">{filename}</p>
          {failed ? (
            <p class="problem">{item.problem}</p>
          ) : (
            <div class="upload-progress">
              <progress aria-label={words.upload.progress(filename)} max={1} value={share} />
              <p class="edge">
                {formatShare(share)} · {words.upload.amount(item.sentBytes, item.file.size)}
              </p>
            </div>
          )}
        </div>
        <div class="card-foot">
          {failed && (
            <button
              type="button"
              class="button button-quiet"
              aria-label={words.card.retryNamed(filename)}
              onClick={() => retryUpload(item.id)}
            >
              <RetryIcon />
              {words.upload.retry}
            </button>
          )}
          {item.phase !== 'finishing' && (
            <button
              type="button"
              class="button button-quiet"
              aria-label={words.upload.cancelNamed(filename)}
              onClick={() => cancelUpload(item.id)}
            >
              <CloseIcon />
              {failed ? words.upload.dismiss : words.upload.cancel}
            </button>
          )}
        </div>
      </article>
    </li>
  )
}
