import type { Video } from '@kinora/common/contracts'
import { keys } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import { averageBitrate } from '../domain/bandwidth.ts'
import { renderPlaylists } from '../domain/playlists.ts'
import { allRungs, type Presentation, presentationOf, secondsOf } from '../domain/presentation.ts'
import { renderChapters } from '../domain/timed-text.ts'
import { changeWithin } from '../operations/change-video.ts'
import { transact } from '../operations/transact.ts'
import { setAudioTrackStatus } from '../repositories/audio-tracks.ts'
import { lockPlaylists, markUnpublished, recordPublication, videosToPublish } from '../repositories/publications.ts'
import { writtenParts } from '../repositories/segments.ts'
import { findVideo } from '../repositories/videos.ts'

/** Writes the playlists of all videos that have more segments than are published. */
export async function publishPlaylists(ctx: Context): Promise<void> {
  for (const videoId of await videosToPublish(ctx.db)) {
    try {
      await publish(ctx, videoId)
    } catch (error) {
      ctx.logger.warn({ err: error, videoId }, 'playlists could not be published; retrying')
      // Files may have been written after the lock was lost with the connection, so they are written once more.
      await markUnpublished(ctx.db, videoId)
    }
  }
}

/**
 * Writes the files before the commit that records them: a crash between the two repeats the work, which changes nothing.
 * Segments are read under the lock and after the video's row, so the files are at least as new as the record.
 */
async function publish(ctx: Context, videoId: string): Promise<void> {
  const published = await transact(
    ctx,
    async (tx) => {
      await lockPlaylists(tx, videoId)
      const video = await findVideo(tx, videoId)
      if (!video?.plan || (video.material_published >= video.material && !video.republish)) return null
      const { parts, material, complete } = await writtenParts(tx, videoId)
      const presentation = presentationOf(video.plan, parts, complete, {
        audioTracks: video.audio_tracks,
        subtitles: video.captions,
      })
      const chapters = video.chapters ? [renderChapters(video.chapters, video.plan)] : []
      for (const { name, content } of [...chapters, ...renderPlaylists(presentation)]) {
        await ctx.store.put(keys.playlist(videoId, name), content)
      }
      return await changeWithin(ctx, tx, videoId, async () => {
        await recordPublication(tx, videoId, material, renditionsOf(presentation))
        await setAudioTrackStatus(tx, videoId, readyAudio(presentation), 'ready')
      })
    },
    { evict: (video) => video?.project_id },
  )
  if (published) ctx.metrics.playlistsPublished.inc()
}

/** Ids of audio tracks: additional ones are ready when they are published, the first one when the video is complete. */
function readyAudio({ audio, complete }: Presentation): string[] {
  return audio.flatMap(({ shown: { id, additional } }) => (additional || complete ? [id] : []))
}

/** A rendition is ready when all its segments are published. */
function renditionsOf({ plan, video }: Presentation): Video['renditions'] {
  const frameSeconds = plan.frameRate.den / plan.frameRate.num
  return allRungs(plan).map(({ name, width, height }) => {
    const track = video.find((candidate) => candidate.rung.name === name)
    const complete = track !== undefined && secondsOf(track) > (plan.frameCount - 0.5) * frameSeconds
    return {
      name,
      width,
      height,
      bitrate: complete ? averageBitrate(track.segments) : null,
      status: complete ? 'ready' : 'processing',
    }
  })
}
