import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { StorageKey, Store } from '@kinora/common/storage'
import { renderVtt } from '@kinora/formats/web-vtt'
import type { FfmpegCommand } from 'fluent-ffmpeg'
import { cutPiece, SPEECH_RATE, wavOf } from '../domain/speech.ts'
import { asTaskFailure } from '../domain/task-failure.ts'
import type { WorkOf } from '../domain/task-work.ts'
import { languageCode, spokenLanguage, transcriptionFailed } from '../domain/transcript.ts'
import { SOURCE_FILE } from '../infra/allowed-input.ts'
import { readSource, runFfmpeg } from '../infra/ffmpeg.ts'
import { readRendition } from '../infra/published-video.ts'
import type { Tools } from '../infra/run-tool.ts'
import { within } from '../operations/subtitle-text.ts'
import { takeOutput } from '../operations/take-output.ts'
import type { Task } from './task.ts'

const PCM_FILE = 'speech.pcm'
const PCM_BYTES_A_SECOND = 2 * SPEECH_RATE
/** More than the piece is decoded, so that the worker sees whether it is the last one. */
const MARGIN_SECONDS = 1

/**
 * Makes captions from one piece of published audio, which is not the source: its times are those of the video, and it was made
 * by us. An engine gets plain samples in a file whose header is ours.
 */
export const transcribe: Task<'transcribe'> = async (work, context) => {
  const { store, tools, workspace, outputKey, signal, engine } = context
  if (!engine) throw transcriptionFailed('This worker has no engine for automatic captions.')
  const { files, start } = await filesOfPiece(store, work)
  await writeFile(join(workspace, SOURCE_FILE), contents(store, files), { signal })
  const length = work.from - start + work.seconds + MARGIN_SECONDS
  const outputBytes = Math.ceil(length + MARGIN_SECONDS) * PCM_BYTES_A_SECOND
  const end = await runFfmpeg(tools, speechCommand(tools, length), { cwd: workspace, outputBytes, signal })
  if (end.exitCode !== 0) throw asTaskFailure(end)
  const pcm = await readFile(await takeOutput(workspace, PCM_FILE, outputBytes))
  await rm(join(workspace, SOURCE_FILE), { force: true })
  const skipped = 2 * Math.round((work.from - start) * SPEECH_RATE)
  const piece = cutPiece(pcm.subarray(skipped), work.seconds)
  const to = work.from + piece.seconds
  if (piece.samples.length === 0) return { kind: 'transcribe', to, ended: true, cues: 0, language: null }
  const speech = { wav: wavOf(piece.samples), language: spokenLanguage(work.language), workspace, tools, signal }
  const transcript = await engine.transcribe(speech)
  const offset = Math.round(work.from * 1000)
  const shown = within(transcript.cues, 0, Math.round(piece.seconds * 1000))
  const cues = shown.map((cue) => ({ ...cue, start: cue.start + offset, end: cue.end + offset }))
  if (cues.length > 0) await store.put(`${outputKey}/transcript.vtt`, renderVtt(cues))
  const language = languageCode(transcript.language)
  return { kind: 'transcribe', to, ended: piece.ended, cues: cues.length, language }
}

/** The initialisation segment and the segments with audio of the piece, and the second at which they start. */
async function filesOfPiece(
  store: Store,
  { audioKey, from, seconds }: WorkOf<'transcribe'>,
): Promise<{ files: StorageKey[]; start: number }> {
  const { init, segments } = await readRendition(store, audioKey)
  const files = [init]
  let [start, end] = [0, 0]
  for (const segment of segments) {
    const begin = end
    end += segment.seconds
    if (end <= from || begin >= from + seconds + MARGIN_SECONDS) continue
    if (files.length === 1) start = begin
    files.push(segment.key)
  }
  return { files, start: files.length === 1 ? from : start }
}

async function* contents(store: Store, files: StorageKey[]): AsyncGenerator<Buffer> {
  for (const key of files) yield await store.get(key)
}

/** Plain samples, without a header. */
function speechCommand(tools: Tools, seconds: number): FfmpegCommand {
  return readSource(tools, ['aac', 'ac3', 'eac3'])
    .output(PCM_FILE)
    .outputOptions('-map', '0:a:0', '-vn', '-map_metadata', '-1', '-t', seconds.toFixed(3))
    .outputOptions('-ac', '1', '-ar', String(SPEECH_RATE), '-c:a', 'pcm_s16le', '-f', 's16le')
}
