import type { FileHandle } from 'node:fs/promises'
import type { Sink } from './receive.ts'

const BATCH_BYTES = 1024 * 1024

/** So much, at most, is left to be flushed when the last byte of a fast upload has come. */
const FLUSH_BYTES = 32 * 1024 * 1024

/** Writes to an open file, which is on the disk when it has ended. Flushes on the way, while more is received. */
export function fileSink(file: FileHandle): Sink {
  let unflushed = 0
  let flushing: Promise<void> | null = null
  let failure: unknown

  function flush(): void {
    unflushed = 0
    flushing = file
      .datasync()
      // The kernel tells of a lost write once: a later flush would say that all is well.
      .catch((error: unknown) => {
        failure = error
      })
      .finally(() => {
        flushing = null
      })
  }

  return {
    batchBytes: BATCH_BYTES,
    async write(batch) {
      if (failure) throw failure
      await writeAll(file, batch)
      unflushed += BATCH_BYTES
      if (unflushed >= FLUSH_BYTES && !flushing) flush()
    },
    async end(batch) {
      await writeAll(file, batch)
      await flushing
      if (failure) throw failure
      await file.datasync()
    },
  }
}

/** `writev` may write less than asked; the rest is written piece by piece. */
async function writeAll(file: FileHandle, buffers: Buffer[]): Promise<void> {
  if (buffers.length === 0) return
  const total = buffers.reduce((sum, buffer) => sum + buffer.length, 0)
  const { bytesWritten } = await file.writev(buffers)
  if (bytesWritten === total) return
  const rest = Buffer.concat(buffers).subarray(bytesWritten)
  for (let at = 0; at < rest.length; ) at += (await file.write(rest, at)).bytesWritten
}
