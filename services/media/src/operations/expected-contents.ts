import { digestOfContents } from '@kinora/hls-check'
import type { Kysely } from 'kysely'
import type { MediaDb } from '../db/schema.ts'
import { AUDIO_PLAYLIST } from '../domain/playlists.ts'
import { type Presentation, presentationOf, type Track } from '../domain/presentation.ts'
import { renditionPlaylist } from '../domain/rendition-playlist.ts'
import { writtenParts } from '../repositories/segments.ts'
import { findVideo } from '../repositories/videos.ts'

/** For the check of a complete video: what its files must be, by the hashes that were taken when they were made. */
export async function expectedContents(db: Kysely<MediaDb>, videoId: string): Promise<Record<string, string>> {
  const video = await findVideo(db, videoId)
  if (!video?.plan) return {}
  const { parts } = await writtenParts(db, videoId)
  return contentsOf(presentationOf(video.plan, parts, true, []))
}

/** By name of the media playlist; without those of which a hash is missing. */
export function contentsOf({ video, audio }: Presentation): Record<string, string> {
  const tracks: [string, Track][] = video.map((track) => [renditionPlaylist(track.rung.name), track])
  if (audio) tracks.push([AUDIO_PLAYLIST, audio])
  return Object.fromEntries(
    tracks.flatMap(([name, { initSha256, segments }]) => {
      const hashes = [initSha256, ...segments.map(({ sha256 }) => sha256)].filter((hash) => hash !== undefined)
      return hashes.length === segments.length + 1 ? [[name, digestOfContents(hashes)]] : []
    }),
  )
}
