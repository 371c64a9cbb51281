export interface Breakable {
  chunks: AsyncIterable<Buffer>
  /** Why there were no more, where that was not their end. */
  cause(): unknown
}

/** Chunks that simply end where the others break off, so that what came before is kept. */
export function untilBroken(chunks: AsyncIterable<Buffer>): Breakable {
  let broken: unknown
  async function* passOn(): AsyncGenerator<Buffer> {
    try {
      yield* chunks
    } catch (error) {
      broken = error
    }
  }
  return { chunks: passOn(), cause: () => broken }
}
