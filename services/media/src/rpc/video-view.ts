import type { Actor } from '@kinora/common/contract'
import type { Playback, Video } from '@kinora/common/contracts'
import { ownerLinkExpiry } from '@kinora/common/playback-token'
import { MASTER_PLAYLIST, WAVEFORM_FILE } from '@kinora/common/storage'
import type { z } from 'zod'
import type { Context } from '../context.ts'
import type { VideoRow } from '../db/schema.ts'
import { isSourceOffered } from '../domain/instant-playback.ts'
import { kindOf, videoFacts } from '../domain/video-facts.ts'
import { isMember } from '../domain/visibility.ts'

/** A video as the API shows it to a viewer who may see it. */
export function toVideo(ctx: Context, row: VideoRow, viewer: Actor): Video {
  const facts = videoFacts(row, ctx.now())
  const playback = playbackOf(ctx, row, isMember(viewer, row))
  if (isMember(viewer, row)) return { ...facts, playback }
  // The file name on the owner's machine is private.
  const source = facts.source && { ...facts.source, filename: null }
  const audioTracks = facts.audioTracks.filter(({ hidden }) => !hidden)
  const ofMembers = {
    externalId: null,
    metadata: {},
    allowedDomains: null,
    expiresAt: null,
    sourceExpiresAt: null,
    replacement: null,
    error: null,
    warnings: [],
  }
  return { ...facts, source, audioTracks, playback, ...ofMembers }
}

/** The addresses of a playable video, or of one whose source can be watched until it is. */
function playbackOf(ctx: Context, row: VideoRow, own: boolean): Video['playback'] {
  if (row.playable) return playbackUrls(ctx, row, referenceTo(ctx, row))
  if (!isSourceOffered(row, own)) return null
  const reference = own ? ownerToken(ctx, row, { source: true }) : row.id
  const urls = playbackUrls(ctx, row, reference)
  return { ...urls, sourceUrl: new URL('source', urls.hlsUrl).href }
}

/** Public and unlisted videos play by their id. Only the owner sees a private one, with a token in its URLs. */
function referenceTo(ctx: Context, row: VideoRow): string {
  if (row.visibility !== 'private') return row.id
  return ownerToken(ctx, row)
}

function ownerToken({ signer, now }: Context, { id }: VideoRow, more: { source?: boolean } = {}): string {
  return signer.sign({ video: id, exp: ownerLinkExpiry(now()), download: true, ...more })
}

/** The address of this path as clients reach it. */
export function publicUrl({ config }: Pick<Context, 'config'>, path: string): string {
  return `${config.PUBLIC_URL.replace(/\/$/, '')}${path}`
}

/** URLs below `reference`, a playback token or the id of a video that is not private. */
export function playbackUrls(ctx: Context, row: VideoRow, reference: string): z.infer<typeof Playback> {
  const base = publicUrl(ctx, `/play/${reference}`)
  return {
    hlsUrl: `${base}/${MASTER_PLAYLIST}`,
    posterUrl: row.poster_key === null ? null : `${base}/poster.jpg`,
    waveformUrl: row.poster_key === null || kindOf(row) === 'video' ? null : `${base}/${WAVEFORM_FILE}`,
    storyboardUrl: row.storyboard === null ? null : `${base}/storyboard.vtt`,
  }
}
