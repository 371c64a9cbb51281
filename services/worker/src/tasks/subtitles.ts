import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MAX_CAPTION_BYTES, type SourceSubtitles, warningOf } from '@kinora/common/contracts'
import type { FfmpegCommand } from 'fluent-ffmpeg'
import { asTaskFailure } from '../domain/task-failure.ts'
import type { WorkOf } from '../domain/task-work.ts'
import { SOURCE_FILE } from '../infra/allowed-input.ts'
import { readSource, runFfmpeg } from '../infra/ffmpeg.ts'
import type { Tools } from '../infra/run-tool.ts'
import { closedCaptionsCommand } from '../operations/closed-captions.ts'
import { captionsOf } from '../operations/subtitle-text.ts'
import { takeOutput } from '../operations/take-output.ts'
import type { Task } from './task.ts'

/** Bytes of a track as ffmpeg writes it: styling is removed afterwards. */
const MAX_TEXT = 4 * MAX_CAPTION_BYTES

/**
 * Takes the texts of subtitle tracks out of the source, all in one run. ffmpeg writes SRT, whose reader takes everything that is
 * not bold, italic or underlined as text; what ffmpeg writes as WebVTT has stray `<` and `&`. WebVTT is copied: ffmpeg would lose
 * what follows `&lt;`. Captions in the frames have a task of their own, with no other track.
 */
export const subtitles: Task<'subtitles'> = async (work, context) => {
  const { store, tools, workspace, outputKey, signal, warn } = context
  await store.materialise(work.sourceKey, join(workspace, SOURCE_FILE))
  const outputBytes = work.tracks.length * MAX_TEXT
  const [inFrames] = work.tracks.filter(({ streamIndex }) => streamIndex === work.facts.video.streamIndex)
  const command = inFrames ? closedCaptionsCommand(tools, work.facts, textOf(inFrames)) : subtitlesCommand(tools, work)
  const end = await runFfmpeg(tools, command, { cwd: workspace, outputBytes, signal })
  if (end.exitCode !== 0) throw asTaskFailure(end)
  const { video, durationSeconds: duration } = work.facts
  const found: number[] = []
  for (const track of work.tracks) {
    const path = await takeOutput(workspace, textOf(track), outputBytes)
    const text = await readFile(path, 'utf8')
    const captions = captionsOf(text, { startTime: video.startTime, duration })
    if (captions === null) {
      // Frames of many broadcasts have room for captions, and none in it.
      if (track === inFrames) continue
      const detail = `Subtitle track ${track.streamIndex + 1} (${track.codec}) is not part of the video: it has no texts, or too many.`
      warn(warningOf('SUBTITLE_TRACK_SKIPPED', detail))
      continue
    }
    await store.put(`${outputKey}/${track.streamIndex}.vtt`, captions)
    found.push(track.streamIndex)
  }
  return { kind: 'subtitles', found }
}

function isVtt({ codec }: SourceSubtitles): boolean {
  return codec === 'webvtt'
}

/** What ffmpeg writes of a track. */
function textOf({ streamIndex }: SourceSubtitles): string {
  return `${streamIndex}.txt`
}

function subtitlesCommand(tools: Tools, { tracks }: WorkOf<'subtitles'>): FfmpegCommand {
  const codecs = tracks.map(({ codec }) => codec)
  const command = readSource(tools, codecs, '-copyts')
  for (const track of tracks) {
    command
      .output(textOf(track))
      .outputOptions('-map', `0:${track.streamIndex}`, '-map_metadata', '-1', '-map_chapters', '-1')
      .outputOptions(...(isVtt(track) ? ['-c:s', 'copy', '-f', 'webvtt'] : ['-c:s', 'subrip', '-f', 'srt']))
  }
  return command
}
