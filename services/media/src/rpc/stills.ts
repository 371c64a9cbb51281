import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import type { VideoRow } from '../db/schema.ts'
import { frameShownAt, stillWidth } from '../domain/stills.ts'
import { assertFramePublished, beginStill } from '../operations/stills.ts'
import { transact } from '../operations/transact.ts'
import { findStill } from '../repositories/stills.ts'
import { authorizePlayback } from './playback.ts'

/** Asked for each request, so that a link that was revoked gets no more stills. */
export function prepareStill(ctx: Context): Handler<typeof media.prepareStill> {
  const authorize = authorizePlayback(ctx)
  return async ({ reference, time, width, format, make }, call) => {
    const { videoId, maxHeight } = await authorize({ reference }, call)
    const row = await ctx.readVideo(videoId)
    if (!row) throw new AppError('VIDEO_NOT_FOUND')
    const video = withFrames(row)
    const { plan } = video
    const largest = plan.rungs.at(-1)
    const frame = frameShownAt(time, plan)
    if (frame === null || !largest) throw new AppError('FRAME_NOT_FOUND')
    const place = { frame, width: stillWidth(largest, width, maxHeight), format }

    const found = await findStill(ctx.db, videoId, place)
    if (found && found.storage_key === null) return { status: 'making', stillId: found.id }
    // The gateway asks with `make` when it found no file.
    if (found?.storage_key && (!make || (await ctx.store.stat(found.storage_key)))) {
      return { status: 'ready', storageKey: found.storage_key }
    }
    await assertFramePublished(ctx, video, frame)
    if (!make) return { status: 'absent' }
    const still = await transact(ctx, (tx) => beginStill(tx, video, place, found?.id), { call })
    if (still.storage_key !== null) return { status: 'ready', storageKey: still.storage_key }
    return { status: 'making', stillId: still.id }
  }
}

function withFrames(video: VideoRow): VideoRow & { plan: NonNullable<VideoRow['plan']> } {
  const { plan } = video
  if (!plan) throw new AppError('PLAYBACK_NOT_READY')
  return { ...video, plan }
}
