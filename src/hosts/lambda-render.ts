// Rendering as a Lambda, as it starts: a decoder process before all else, for it takes longest; what calls need is read beside it.
import { type Decoder, openDecoder } from '../render/decoder.ts'
import type { Handler } from './lambda-batch.ts'

const isLambda = process.env.AWS_LAMBDA_RUNTIME_API !== undefined
const firstDecoder = isLambda ? startDecoder() : undefined

/** Where none can be started, the pool tries again and says why. */
function startDecoder(): Decoder | undefined {
  try {
    return openDecoder({ startsSoon: true })
  } catch {
    return undefined
  }
}

let opening: Promise<Handler> | undefined

/** Once for the life of the process; again after a failure. */
function opened(): Promise<Handler> {
  opening ??= import('./lambda-batch.ts').then(({ openHandler }) => openHandler(firstDecoder))
  opening.catch(() => {
    opening = undefined
  })
  return opening
}

// Lambda gives a function a whole core while it starts, before the first call.
if (isLambda) opened().catch(() => {})

export const handler: Handler = async (event, context) => (await opened())(event, context)
