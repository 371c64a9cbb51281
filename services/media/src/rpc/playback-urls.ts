import type { Playback } from '@kinora/common/contracts'
import { MASTER_PLAYLIST } from '@kinora/common/storage'
import type { z } from 'zod'
import type { Context } from '../context.ts'
import type { VideoRow } from '../db/schema.ts'

/** Addresses below `reference`, a playback token or the id of a video that is not private. */
export function playbackUrls(ctx: Context, row: VideoRow, reference: string): z.infer<typeof Playback> {
  const base = `${ctx.config.PUBLIC_URL.replace(/\/$/, '')}/play/${reference}`
  return {
    hlsUrl: `${base}/${MASTER_PLAYLIST}`,
    posterUrl: row.poster_key === null ? null : `${base}/poster.jpg`,
    storyboardUrl: row.storyboard === null ? null : `${base}/storyboard.vtt`,
  }
}
