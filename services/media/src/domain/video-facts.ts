import type { VideoFacts, VideoKind } from '@kinora/common/contracts'
import type { VideoRow } from '../db/schema.ts'
import { etaSeconds } from './eta.ts'

/** Where the files of a video are, below `videos/`: each source that has replaced another has a folder in that of the video. */
export function folderOf({ id, replaces, version }: Pick<VideoRow, 'id' | 'replaces' | 'version'>): string {
  if (replaces !== null) return `${replaces}/${id}`
  return version === null ? id : `${id}/${version}`
}

/** A video as members of its project see it, without playback URLs. */
export function videoFacts(row: VideoRow, now: Date): VideoFacts {
  return {
    id: row.id,
    ownerId: row.owner_id,
    projectId: row.project_id,
    kind: kindOf(row),
    title: row.title,
    description: row.description,
    tags: row.tags,
    externalId: row.external_id,
    metadata: row.metadata,
    visibility: row.visibility,
    status: row.status,
    playable: row.playable,
    progress: progressOf(row, now),
    source: sourceOf(row),
    renditions: renditionsOf(row),
    audioTracks: audioTracksOf(row),
    instantPlayback: row.instant_playback,
    allowedDomains: row.allowed_domains,
    error: row.error,
    warnings: row.warnings,
    replacement: row.replacement,
    revision: row.revision,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    readyAt: row.ready_at?.toISOString() ?? null,
    expiresAt: row.delete_at?.toISOString() ?? null,
    sourceExpiresAt: sourceExpiryOf(row)?.toISOString() ?? null,
  }
}

const DAY_MS = 24 * 3600 * 1000

/** When the source is removed; null where it is kept, and while the days after `readyAt` are not known. */
function sourceExpiryOf({ source_delete_at: at, source_days: days, ready_at: readyAt }: VideoRow): Date | null {
  if (at !== null || days === null || readyAt === null) return at
  return new Date(readyAt.getTime() + days * DAY_MS)
}

export function progressOf({ percent, stage, status, finish_estimate }: VideoRow, now: Date): VideoFacts['progress'] {
  return { percent, stage, etaSeconds: etaSeconds(status, finish_estimate, now) }
}

/** The unfinished renditions of a failed video have failed, too, until the video is retried. */
function renditionsOf({ status, renditions }: VideoRow): VideoFacts['renditions'] {
  if (status !== 'failed') return renditions
  return renditions.map((rendition) => (rendition.status === 'ready' ? rendition : { ...rendition, status }))
}

function audioTracksOf({ status, audio_tracks: tracks }: VideoRow): VideoFacts['audioTracks'] {
  return tracks.map(({ additional: _, added, ...stored }) => {
    const track = { ...stored, added: added !== undefined }
    return status === 'failed' && track.status !== 'ready' ? { ...track, status } : track
  })
}

/** Every video counts as one with frames until its probe has found none. */
export function kindOf({ facts }: Pick<VideoRow, 'facts'>): VideoKind {
  return facts?.kind ?? 'video'
}

function sourceOf(row: VideoRow): VideoFacts['source'] {
  if (row.source_bytes === null || row.source_sha256 === null) return null
  const { facts } = row
  const video = facts && kindOf(row) === 'video' ? facts.video : null
  const rate = video && (video.sourceRate ?? video.frameRate)
  return {
    filename: row.source_filename,
    bytes: Number(row.source_bytes),
    sha256: row.source_sha256,
    container: facts?.container ?? null,
    durationSeconds: facts?.durationSeconds ?? null,
    width: video?.width ?? null,
    height: video?.height ?? null,
    frameRate: rate && rate.num / rate.den,
    videoCodec: video?.codec ?? null,
    audioCodec: facts?.audio?.codec ?? null,
    removedAt: row.source_removed_at?.toISOString() ?? null,
  }
}
