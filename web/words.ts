// Every sentence of the page, in one typed dictionary: translate this object and the page speaks another language.
import type { RenditionView } from '../src/http/schemas.ts'
import type { TitleReport } from '../src/title-report.ts'
import { formatBytes, formatCount, formatPlural } from './format.ts'
import type { Kind } from './sniff.ts'

const pictures = (count: number) => formatPlural(count, 'picture', 'pictures')

const en = {
  add: 'Add pictures',
  drop: 'Drop to add',
  heading: 'Your pictures',
  presets: {
    label: 'Each picture becomes',
    drawsTitle: 'with its title',
    auto: 'AVIF, WebP, JPEG',
    wide: (width: number) => `${formatCount(width)} wide`,
    tall: (height: number) => `${formatCount(height)} tall`,
    upTo: (size: string) => `up to ${size}`,
  },
  toDark: 'Switch to the dark theme',
  toLight: 'Switch to the light theme',
  skip: 'Skip to the pictures',

  empty: {
    heading: 'Drop a picture anywhere',
    sentence: 'Or paste or choose one, give it a title, and watch every size being made.',
    choose: 'Choose pictures',
    noUploads: 'Uploads are not offered here. Pictures that land in the bucket will show up by themselves.',
    noUploadsHeading: 'No pictures yet',
  },

  tray: {
    heading: (ready: number) => (ready === 0 ? 'Not added' : `${pictures(ready)} to add`),
    waiting: (count: number) =>
      count === 1 ? 'One picture waits for the server.' : `${pictures(count)} wait for the server.`,
    same: 'One title for all',
    sameField: 'Title for all pictures',
    field: (filename: string) => `Title of ${filename}`,
    placeholder: 'Title (optional)',
    drawnOn: (presets: string) => `The title is drawn on ${presets}. You can change it at any time.`,
    notDrawn: 'No preset draws the title; it is kept with the picture.',
    upload: (ready: number) => (ready <= 1 ? 'Upload' : `Upload ${pictures(ready)}`),
    shortcut: 'Ctrl + Enter',
    shortcutMac: '⌘ + Enter',
    remove: (filename: string) => `Remove ${filename}`,
    clear: 'Clear',
    dismiss: 'Dismiss',
    notAdded: (count: number) => `${pictures(count)} cannot be added; the reason stands next to each.`,
    added: (count: number) => `${pictures(count)} to add. Type a title, then upload.`,
  },

  upload: {
    waiting: 'Waiting to upload',
    sending: 'Uploading',
    finishing: 'Uploaded. Checking …',
    failed: 'Not uploaded',
    amount: (sent: number, all: number) => `${formatBytes(sent)} of ${formatBytes(all)}`,
    progress: (filename: string) => `Upload of ${filename}`,
    cancel: 'Cancel',
    cancelNamed: (filename: string) => `Cancel the upload of ${filename}`,
    retry: 'Try again',
    dismiss: 'Dismiss',
    started: (count: number) => `Uploading ${pictures(count)}.`,
  },

  gallery: {
    heading: 'Pictures',
    loading: 'Loading the pictures …',
    more: 'Show older pictures',
    loadingMore: 'Loading …',
    failed: 'The list could not be loaded.',
    again: 'Try again',
  },

  card: {
    title: (filename: string) => `Title of ${filename}`,
    noTitle: 'Add a title',
    saving: 'Saving …',
    saved: 'Title saved. The pictures are being made again.',
    savedQuietly: 'Title saved.',
    conflict: 'It was changed elsewhere in the meantime. Press Enter again to keep your words.',
    roomLeft: (room: number) => `${formatCount(room)} left`,
    roomOver: (over: number) => `${formatPlural(over, 'character', 'characters')} too many`,
    renditions: 'Renditions',
    retry: 'Try again',
    retryNamed: (name: string) => `Try again: ${name}`,
    delete: 'Delete',
    deleteNamed: (name: string) => `Delete ${name}`,
    enlarge: (name: string) => `Large view of ${name}`,
    open: (preset: string, name: string) => `Look at ${preset} of ${name}`,
    copyNamed: (preset: string, name: string) => `Copy the link of ${preset} of ${name}`,
    downloadNamed: (preset: string, name: string) => `Download ${preset} of ${name}`,
    states: { queued: 'Queued', rendering: 'Rendering', ready: 'Ready', failed: 'Failed' } satisfies Record<
      RenditionView['state'],
      string
    >,
    stale: 'made before the preset changed',
    broken: 'The picture could not be loaded.',
  },

  report: {
    readable: (ratio: string) => `Title readable: ${ratio} : 1`,
    legibleFrom: (width: number) => `The title cannot be read where this is shown less than ${width} pixels wide.`,
    truncated: 'The title is too long for this picture, so its end is left out.',
    missing: (characters: string) => `No font here has ${characters}: left out of the title.`,
    ratio: (ratio: string) => `${ratio} : 1`,
    wholeText: 'Contrast of the title',
    worstLetter: 'Of its worst letter',
    target: 'Asked for',
    letters: 'Letters',
    size: (pixels: number, lines: string) => `${formatCount(pixels)} px, ${lines}`,
    place: 'Stands',
    positions: {
      'top-left': 'at the top left',
      top: 'at the top',
      'top-right': 'at the top right',
      left: 'at the left',
      center: 'in the middle',
      right: 'at the right',
      'bottom-left': 'at the bottom left',
      bottom: 'at the bottom',
      'bottom-right': 'at the bottom right',
    } satisfies Record<TitleReport['position'], string>,
    helpUsed: 'Behind the letters',
    help: {
      none: () => 'nothing: the picture is calm enough',
      glow: (strength: string) => `a glow of ${strength}`,
      outline: () => 'an outline',
      banner: (strength: string) => `a banner of ${strength}`,
    } satisfies Record<TitleReport['help'], (strength: string) => string>,
    change: 'Change of lightness',
    damage: (percent: string) => `${percent}% of the range`,
    smallest: 'Can be read',
    from: (width: number) => `from ${formatCount(width)} px wide`,
  },

  proof: {
    label: (preset: string) => `How ${preset} will look with this title`,
    loading: 'Setting the title …',
    watermark: 'The watermark is added after the upload.',
    font: 'Shown in another font: your own is used after the upload.',
    attention: 'Shown around the middle: after the upload it is cropped around what draws most attention.',
    unreadable: 'This browser cannot show the file, so the title is drawn after the upload only.',
    unavailable: 'The title cannot be shown here before the upload; it is drawn after it.',
  },

  focus: {
    none: 'Focus: none. Click where the eye should rest, or move a point there with the arrow keys.',
    at: (across: string, down: string) =>
      `Focus at ${across} from the left and ${down} from the top. The arrow keys move it, Delete removes it.`,
    hint: 'Click on the picture where the eye should rest',
    clear: 'Clear focus',
    set: 'Set focus',
    setHint: 'Where the eye should rest: titles keep clear of it, and crops keep it',
    saved: 'Focus saved.',
    cleared: 'Focus cleared.',
  },

  viewer: {
    close: 'Close',
    copy: 'Copy link',
    copied: 'Link copied',
    notCopied: 'The link could not be copied. Use the download instead.',
    download: 'Download',
    sizes: 'Renditions of this picture',
  },

  remove: {
    heading: (name: string) => `Delete “${name}”?`,
    sentence: (renditions: number) =>
      renditions === 0
        ? 'The original goes for good.'
        : `The original and ${formatPlural(renditions, 'rendition', 'renditions')} made from it go for good, and their links stop working.`,
    confirm: 'Delete',
    keep: 'Keep',
    done: (name: string) => `${name} is deleted.`,
    failed: 'It could not be deleted.',
  },

  link: {
    live: 'Live',
    liveHint: 'Changes show by themselves.',
    polling: 'Checking for changes',
    pollingHint: 'Live updates are not there; the page asks every few seconds.',
  },
  offline: 'You are offline. What is here stays, and uploads go on when the connection is back.',
  away: 'The server does not answer. This page keeps trying.',

  said: {
    ready: (name: string) => `${name} is ready.`,
    readyMany: (count: number) => `${pictures(count)} are ready.`,
    failed: (name: string, reason: string) => `${name}: ${reason}`,
    failedMany: (count: number) => `${pictures(count)} could not be rendered.`,
  },

  errors: {
    network: 'The server cannot be reached. Try again in a moment.',
    server: 'Something went wrong on the server. Try again in a moment.',
    connectionLost: 'The connection broke off. It goes on by itself when it is back.',
    refused: 'The upload was refused because its permission ran out or does not fit. Try again.',
    tooBigForStore: 'The store says that the file is too big.',
  },

  refused: {
    empty: 'The file is empty.',
    folder: 'This could not be read. Folders can only be dropped, not pasted.',
    tooBig: (bytes: number, max: number) =>
      `It is too big: ${formatBytes(bytes)}, and at most ${formatBytes(max)} are possible. Save it smaller and add it again.`,
    kind: {
      heic: 'It is an iPhone photo (HEIC), which cannot be read here. Export it as JPEG, or choose “Most Compatible” in Settings › Camera › Formats.',
      tiff: 'It is a TIFF, which is not taken here. Export it as JPEG or PNG.',
      bmp: 'It is a BMP, which is not taken here. Save it as PNG, which keeps every pixel.',
      svg: 'It is an SVG drawing, not a picture made of pixels. Export it as PNG.',
      pdf: 'It is a PDF. Export the page as JPEG or PNG.',
      psd: 'It is a Photoshop file. Export it as JPEG or PNG.',
      jxl: 'It is a JPEG XL, which cannot be read here yet. Export it as JPEG or PNG.',
      raw: 'It is a camera’s raw file. Develop it and export it as JPEG.',
      video: 'It is a video. Take a still from it and save that as JPEG or PNG.',
      unknown: 'It is not a picture. JPEG, PNG, WebP, AVIF and GIF are taken, whatever the name of the file.',
    } satisfies Partial<Record<Kind, string>>,
    notTaken: (kind: string) => `Pictures in ${kind} are not taken here. Export it as JPEG or PNG.`,
  },
}

export type Words = typeof en
export const words: Words = en
