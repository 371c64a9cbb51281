import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import type { CallOptions } from '@kinora/common/bus'
import { media } from '@kinora/common/contracts'
import { keys } from '@kinora/common/storage'
import { boxesAtStart } from '@kinora/formats/mp4'
import type { Context } from '../context.ts'

/** Largest share of a file that is copied; more would cost small files too much. */
const MAX_SHARE = 1 / 4

/** Bytes of the copy that may wait in memory for the store. */
const BUFFERED_BYTES = 1024 * 1024

/** Time that the upload waits for the store to take the copy; then the copy is abandoned. */
const DRAIN_TIMEOUT_MS = 2000

/** An upload that is complete sooner gains nothing: its other tasks would compete with the speculative ones. */
const MIN_SECONDS_LEFT = 5

export interface StartedUpload {
  videoId: string
  uploadId: string
  /** Bytes of the whole file; null if not announced. */
  totalBytes: number | null
  /** Bytes of this request, which begins at the first byte of the file; null if not announced. */
  announcedBytes: number | null
}

/**
 * Yields the chunks of an upload and copies its first bytes to the store. When the copy is complete, media is notified and
 * may have the first segments encoded while the upload still runs. Errors of the copy never affect the upload.
 */
export async function* withSpeculativeSegments(
  ctx: Context,
  chunks: AsyncIterable<Buffer>,
  upload: StartedUpload,
  call: CallOptions,
): AsyncGenerator<Buffer> {
  const wanted = beginningBytes(upload, ctx.config.HEAD_START_BYTES)
  let beginning: Beginning | undefined
  let isFirst = true
  try {
    for await (const chunk of chunks) {
      if (isFirst && wanted > 0 && !indexComesLast(chunk)) beginning = keepBeginning(ctx, upload, wanted, call)
      isFirst = false
      await beginning?.add(chunk)
      yield chunk
    }
  } finally {
    beginning?.stop()
  }
}

/**
 * Whether these are the first bytes of an MP4 file whose index (`moov`) comes after its frames (`mdat`; ISO/IEC 14496-12
 * sections 8.1 and 8.2). No frame of such a file can be decoded before its end has arrived. False if the bytes do not show it.
 */
export function indexComesLast(start: Buffer): boolean {
  let isFirst = true
  for (const { type } of boxesAtStart(start)) {
    if (type === 'mdat') return true
    if (type === 'moov' || type === 'moof' || (isFirst && type !== 'ftyp' && type !== 'wide')) return false
    isFirst = false
  }
  return false
}

/** Bytes to copy from the start of the file; 0 if a copy is not worth its cost. */
function beginningBytes({ totalBytes, announcedBytes }: StartedUpload, max: number): number {
  if (totalBytes === null || totalBytes < max / 2) return 0
  const wanted = Math.min(max, Math.floor(totalBytes * MAX_SHARE))
  return announcedBytes === null || announcedBytes >= wanted ? wanted : 0
}

/** The copy of the first bytes of an upload. */
interface Beginning {
  /** Adds the chunk, or the part of it that belongs to the copy. Waits for the store for 2 s at most. */
  add(chunk: Buffer): Promise<void>
  /** Ends the copy. If it is not complete it is dropped. */
  stop(): void
}

function keepBeginning(ctx: Context, upload: StartedUpload, bytes: number, call: CallOptions): Beginning {
  const { store, logger } = ctx
  const { videoId, uploadId } = upload
  const key = keys.beginning(videoId, uploadId)
  const copy = new PassThrough({ highWaterMark: BUFFERED_BYTES })
  // An upload that breaks off is reported by its own handler.
  copy.on('error', () => {})
  const closed = new Promise((resolve) => copy.once('close', resolve))
  let missing = bytes

  const secondsLeft = estimateSecondsLeft(upload, bytes)

  async function write(): Promise<void> {
    await store.write(key, copy, { maxBytes: bytes, expectedBytes: bytes })
    if (secondsLeft() < MIN_SECONDS_LEFT) return await store.remove(key)
    const { wanted } = await ctx.rpc(media.beginHeadStart, { uploadId, bytes }, call)
    if (!wanted) await store.remove(key)
  }

  write().catch(async (error: unknown) => {
    copy.destroy()
    logger.debug({ err: error, uploadId }, 'no speculative segments for this upload')
    await store.remove(key).catch(() => {})
  })

  /** Waits for the store, but not long: a store slower than the client must not delay the upload. */
  async function drained(): Promise<void> {
    const timeout = setTimeout(() => copy.destroy(), DRAIN_TIMEOUT_MS)
    await Promise.race([once(copy, 'drain'), closed]).catch(() => {})
    clearTimeout(timeout)
  }

  return {
    async add(chunk) {
      if (missing === 0 || copy.destroyed) return
      const part = chunk.subarray(0, missing)
      missing -= part.length
      const hasRoom = copy.write(part)
      if (missing === 0) copy.end()
      else if (!hasRoom) await drained()
    },
    stop() {
      if (missing > 0) copy.destroy()
    },
  }
}

/**
 * Returns a function that estimates the seconds until the upload is complete. Call it when the first `bytes` have arrived;
 * it assumes that the rest arrives at the same rate.
 */
function estimateSecondsLeft({ totalBytes }: StartedUpload, bytes: number): () => number {
  const startedAt = performance.now()
  return () => (((totalBytes ?? bytes) / bytes - 1) * (performance.now() - startedAt)) / 1000
}
