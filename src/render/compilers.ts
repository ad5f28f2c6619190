// V8's compilers during a decoder's first title: what is hot there would be compiled for longer than the title takes, on cores that it needs.
import { setFlagsFromString } from 'node:v8'

/**
 * Does the work without the slowest compiler of JavaScript. Of WebAssembly (Skia), also later, only what many titles use is compiled again,
 * and its functions are checked when first called. The flags are V8's own: one that it does not know changes nothing.
 */
export async function compilingLess<Result>(work: () => Promise<Result>): Promise<Result> {
  setFlagsFromString('--turbo-filter=~')
  setFlagsFromString('--wasm-tiering-budget=200000000')
  setFlagsFromString('--wasm-lazy-validation')
  try {
    return await work()
  } finally {
    setFlagsFromString('--turbo-filter=*')
  }
}
