import type { FileHandle } from 'node:fs/promises'
import type { Sink } from './receive.ts'

const BATCH_BYTES = 1024 * 1024

/** Writes to an open file. */
export function fileSink(file: FileHandle): Sink {
  const write = (batch: Buffer[]) => writeAll(file, batch)
  return { batchBytes: BATCH_BYTES, write, end: write }
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
