import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import type { CallOptions } from '@kinora/common/bus'
import { media } from '@kinora/common/contracts'
import { keys } from '@kinora/common/storage'
import { boxesAtStart } from '@kinora/formats/mp4'
import type { Context } from '../context.ts'

/** More would be written twice of a small file than it is worth. */
const SHARE = 1 / 4

/** Of the copy, in memory. */
const BUFFERED_BYTES = 1024 * 1024

/** How long the upload waits for its copy before that is given up. */
const PATIENCE_MS = 2000

/** An upload that is complete sooner would only have to share the processors with its head start. */
const WORTH_SECONDS = 5

export interface StartedUpload {
  videoId: string
  uploadId: string
  /** Of the whole file; null when the length was not announced. */
  totalBytes: number | null
  /** Of what comes now, from the first byte of the file on, as far as it is known. */
  announcedBytes: number | null
}

/**
 * Passes the chunks of an upload on, and puts a copy of its first bytes into the store. When that is complete, media is told,
 * so that work begins while the rest still comes. Whatever goes wrong with the copy is no fault of the upload.
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
 * sections 8.1 and 8.2). No frame of such a file can be decoded before its end has arrived. False if the bytes do not tell.
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

/** 0: none is worth it. */
function beginningBytes({ totalBytes, announcedBytes }: StartedUpload, most: number): number {
  if (totalBytes === null || totalBytes < most / 2) return 0
  const wanted = Math.min(most, Math.floor(totalBytes * SHARE))
  return announcedBytes === null || announcedBytes >= wanted ? wanted : 0
}

interface Beginning {
  add(chunk: Buffer): Promise<void>
  /** No more will come; what is not complete is thrown away. */
  stop(): void
}

function keepBeginning(ctx: Context, upload: StartedUpload, bytes: number, call: CallOptions): Beginning {
  const { store, logger } = ctx
  const { videoId, uploadId } = upload
  const key = keys.beginning(videoId, uploadId)
  const copy = new PassThrough({ highWaterMark: BUFFERED_BYTES })
  // That the upload broke off is told elsewhere.
  copy.on('error', () => {})
  const closed = new Promise((resolve) => copy.once('close', resolve))
  let missing = bytes

  const secondsLeft = untilComplete(upload, bytes)

  async function tell(): Promise<void> {
    await store.write(key, copy, { maxBytes: bytes, expectedBytes: bytes })
    if (secondsLeft() < WORTH_SECONDS) return await store.remove(key)
    const { wanted } = await ctx.rpc(media.beginHeadStart, { uploadId, bytes }, call)
    if (!wanted) await store.remove(key)
  }

  tell().catch(async (error: unknown) => {
    copy.destroy()
    logger.debug({ err: error, uploadId }, 'an upload gets no head start')
    await store.remove(key).catch(() => {})
  })

  /** A store that takes the copy slower than the client sends it must not hold the upload up. */
  async function hasRoomAgain(): Promise<void> {
    const patience = setTimeout(() => copy.destroy(), PATIENCE_MS)
    await Promise.race([once(copy, 'drain'), closed]).catch(() => {})
    clearTimeout(patience)
  }

  return {
    async add(chunk) {
      if (missing === 0 || copy.destroyed) return
      const part = chunk.subarray(0, missing)
      missing -= part.length
      const hasRoom = copy.write(part)
      if (missing === 0) copy.end()
      else if (!hasRoom) await hasRoomAgain()
    },
    stop() {
      if (missing > 0) copy.destroy()
    },
  }
}

/** How long the rest takes if it comes as fast as the first `bytes`, which have come when this is asked. */
function untilComplete({ totalBytes }: StartedUpload, bytes: number): () => number {
  const begun = performance.now()
  return () => (((totalBytes ?? bytes) / bytes - 1) * (performance.now() - begun)) / 1000
}
