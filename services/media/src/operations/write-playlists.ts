import { keys } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import type { Tx, VideoRow } from '../db/schema.ts'
import type { VideoPlan } from '../db/stored.ts'
import { renderPlaylists } from '../domain/playlists.ts'
import { type Presentation, presentationOf } from '../domain/presentation.ts'
import { renderChapters } from '../domain/timed-text.ts'
import { folderOf } from '../domain/video-facts.ts'
import { writtenParts } from '../repositories/segments.ts'

/**
 * Writes the playlists and the chapters of a video as its rows are. Under the lock of its playlists, before the commit that records
 * them: a crash between the two repeats the work, which changes nothing.
 */
export async function writePlaylists(
  { store }: Pick<Context, 'store'>,
  tx: Tx,
  video: VideoRow & { plan: VideoPlan },
): Promise<{ presentation: Presentation; material: number }> {
  const { parts, material, complete } = await writtenParts(tx, video.id)
  const described = { audioTracks: video.audio_tracks, subtitles: video.captions }
  const presentation = presentationOf(video.plan, parts, complete, described)
  const chapters = video.chapters ? [renderChapters(video.chapters, video.plan)] : []
  for (const { name, content } of [...chapters, ...renderPlaylists(presentation)]) {
    await store.put(keys.playlist(folderOf(video), name), content)
  }
  return { presentation, material }
}
