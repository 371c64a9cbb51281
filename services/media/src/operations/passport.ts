import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import type { FileDigest, Passport, TaskResult } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys, type StorageKey, type Store } from '@kinora/common/storage'
import { digestOfContents } from '@kinora/hls-check'
import type { Context } from '../context.ts'
import type { Db, Tx, VideoRow } from '../db/schema.ts'
import {
  audioPlaylist,
  type Described,
  type Presentation,
  presentationOf,
  renditionPlaylist,
  surroundPlaylist,
  type Track,
} from '../domain/presentation.ts'
import { folderOf } from '../domain/video-facts.ts'
import { recordPassport, runsOfVideo } from '../repositories/passports.ts'
import { writtenParts } from '../repositories/segments.ts'
import { findVideo } from '../repositories/videos.ts'

type Report = Extract<TaskResult, { kind: 'finalise' }>

/**
 * Writes the passport of a video whose check has found no fault: what it was made from and with. The file is written before
 * the commit that makes the video ready; a crash between the two writes it again with the same content.
 */
export async function writePassport({ store }: Context, tx: Tx, video: VideoRow, report: Report): Promise<void> {
  const { id: rowId, plan, facts, source_bytes: bytes, source_sha256: sha256 } = video
  if (!plan || !facts || bytes === null || sha256 === null) throw new Error('a checked video has no source')
  const [videoId, folder] = [video.replaces ?? rowId, folderOf(video)]
  const { parts } = await writtenParts(tx, rowId)
  const { video: tracks, audio } = presentationOf(plan, parts, true, described(video))
  const passport: Passport = {
    version: 1,
    videoId,
    source: { bytes: Number(bytes), sha256 },
    facts,
    warnings: video.warnings,
    runs: await runsOfVideo(tx, rowId),
    files: [
      ...(report.playlists ?? []),
      ...[...tracks, ...audio, ...audio.flatMap(({ surround }) => surround ?? [])].flatMap(filesOf),
      ...(video.poster_key === null ? [] : await posterFile(store, video.poster_key, keys.videoFolder(folder))),
    ],
    verdicts: report.verdicts ?? [],
  }
  const content = JSON.stringify(passport)
  const key = keys.passport(folder)
  await store.put(key, content)
  await recordPassport(tx, rowId, { key, sha256: hashOf(content) })
}

/** Subtitles are files of their own, without hashes of a worker. */
function described({ audio_tracks: audioTracks }: VideoRow): Described {
  return { audioTracks, subtitles: [] }
}

function filesOf({ initUri, initBytes, initSha256, segments }: Track): FileDigest[] {
  return [
    { name: initUri, bytes: initBytes, sha256: initSha256 ?? null },
    ...segments.map(({ uri, bytes, sha256 }) => ({ name: uri, bytes, sha256: sha256 ?? null })),
  ]
}

/** Empty when the file is missing: the video plays without it, and its owner can choose another poster. */
async function posterFile(store: Store, key: StorageKey, folder: StorageKey): Promise<FileDigest[]> {
  try {
    const bytes = await store.get(key)
    return [{ name: posix.relative(folder, key), bytes: bytes.length, sha256: hashOf(bytes) }]
  } catch (error) {
    if (error instanceof AppError && error.code === 'FILE_NOT_FOUND') return []
    throw error
  }
}

function hashOf(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

/** For the check of a complete video: digests of its files by the hashes that workers computed when they wrote them. */
export async function expectedContents(db: Db, videoId: string): Promise<Record<string, string>> {
  const video = await findVideo(db, videoId)
  if (!video?.plan) return {}
  const { parts } = await writtenParts(db, videoId)
  return contentDigests(presentationOf(video.plan, parts, true, described(video)))
}

/** By name of the media playlist, without those of which a hash is missing. */
export function contentDigests({ video, audio }: Presentation): Record<string, string> {
  const tracks: [string, Track][] = video.map((track) => [renditionPlaylist(track.rung.name), track])
  for (const { shown, surround, ...stereo } of audio) {
    tracks.push([audioPlaylist(shown), stereo])
    if (surround) tracks.push([surroundPlaylist(shown), surround])
  }
  return Object.fromEntries(
    tracks.flatMap(([name, { initSha256, segments }]) => {
      const hashes = [initSha256, ...segments.map(({ sha256 }) => sha256)].filter((hash) => hash !== undefined)
      return hashes.length === segments.length + 1 ? [[name, digestOfContents(hashes)]] : []
    }),
  )
}
