import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SourceFacts } from '@kinora/common/contracts'
import { type StorageKey, type Store, WAVEFORM_FILE } from '@kinora/common/storage'
import sharp, { type Sharp } from 'sharp'
import { codecsOf, WAVEFORM_SIZE } from '../domain/source-facts.ts'
import { asTaskFailure } from '../domain/task-failure.ts'
import { readSource, runFfmpeg } from '../infra/ffmpeg.ts'
import type { Tools } from '../infra/run-tool.ts'
import { takenFolder } from '../infra/workspace.ts'
import { audioSamples, onVideoClock, startOptions } from './audio-command.ts'
import { takeOutput } from './take-output.ts'

/** Pixels of the longer side of a cover; it is never enlarged. */
const MAX_COVER_SIDE = 1280
/** PPM: the size and then the pixels, so that nothing that ffmpeg wrote is decoded in this process. */
const COVER = 'cover.ppm'
const MAX_COVER = MAX_COVER_SIDE * MAX_COVER_SIDE * 3 + 100
const PEAKS = 'peaks.txt'
const MAX_PEAKS = 1024 * 1024

/** Where the pictures go to. */
interface Target {
  store: Store
  tools: Tools
  workspace: string
  outputKey: string
  signal: AbortSignal
}

/**
 * The pictures of a source without frames, in the output folder: `poster.jpg` is its cover, or the waveform where it has none
 * that can be decoded; `waveform.png` is always there. Returns the key of the poster.
 */
export async function audioPoster(facts: SourceFacts, context: Target): Promise<StorageKey> {
  const { store, workspace, outputKey } = context
  const waveform = drawWaveform(await measurePeaks(facts, context))
  await store.put(`${outputKey}/${WAVEFORM_FILE}`, await waveform.clone().png({ palette: true }).toBuffer())
  const file = join(takenFolder(workspace), 'poster.jpg')
  const picture = (await grabCover(facts, context)) ?? waveform
  await picture.jpeg({ mozjpeg: true, quality: 85 }).toFile(file)
  const posterKey = `${outputKey}/poster.jpg`
  await store.adopt(file, posterKey)
  return posterKey
}

/** Undefined where there is none, or none that can be decoded: audio plays without it. */
async function grabCover({ cover }: SourceFacts, context: Target): Promise<Sharp | undefined> {
  if (!cover) return undefined
  const { tools, workspace, signal } = context
  const scale = `scale=w='min(iw,${MAX_COVER_SIDE})':h='min(ih,${MAX_COVER_SIDE})':force_original_aspect_ratio=decrease`
  const command = readSource({ ...tools, threads: 1 }, [cover.codec])
    .complexFilter(`[0:${cover.streamIndex}]${scale},setsar=1,format=rgb24[cover]`)
    .output(COVER)
    .outputOptions('-map', '[cover]', '-frames:v', '1', '-map_metadata', '-1')
    .outputOptions('-c:v', 'ppm', '-f', 'image2pipe')
  await runFfmpeg(tools, command, { cwd: workspace, outputBytes: MAX_COVER, signal })
  const file = await takeOutput(workspace, COVER, MAX_COVER).catch(() => undefined)
  return file === undefined ? undefined : readPpm(await readFile(file))
}

/** Undefined unless the file is complete. */
function readPpm(file: Buffer): Sharp | undefined {
  const [header = '', width, height] = /^P6\s(\d{1,5})\s(\d{1,5})\s255\s/.exec(file.toString('latin1', 0, 30)) ?? []
  const size = { width: Number(width), height: Number(height) }
  const pixels = file.subarray(header.length)
  if (header === '' || pixels.length < size.width * size.height * 3) return undefined
  return sharp(pixels.subarray(0, size.width * size.height * 3), { raw: { ...size, channels: 3 } })
}

/** Pixels of a bar, and from one to the next. */
const [BAR, STEP] = [4, 6]
const BARS = Math.floor(WAVEFORM_SIZE.width / STEP)

/** The peak of each of `BARS` equal parts, from 0 to 1. One part is in memory at a time. */
async function measurePeaks(facts: SourceFacts, { tools, workspace, signal }: Target): Promise<number[]> {
  if (!facts.audio) return []
  const key = 'lavfi.astats.Overall.Peak_level'
  const filters = [
    ...onVideoClock(facts),
    'apad',
    `atrim=end_sample=${audioSamples(facts)}`,
    `asetnsamples=n=${Math.ceil(audioSamples(facts) / BARS)}:p=0`,
    'astats=metadata=1:reset=1:measure_perchannel=none:measure_overall=Peak_level',
    `ametadata=mode=print:key=${key}:file=${PEAKS}`,
  ]
  const command = readSource(tools, codecsOf(facts), ...startOptions(facts))
    .complexFilter(`[0:${facts.audio.streamIndex}]${filters.join(',')}[audio]`)
    .output('unused')
    .outputOptions('-map', '[audio]', '-f', 'null')
  const end = await runFfmpeg(tools, command, { cwd: workspace, outputBytes: MAX_PEAKS, signal })
  // A damaged part of the audio is silence here, too.
  const file = await takeOutput(workspace, PEAKS, MAX_PEAKS).catch(() => undefined)
  if (!file) throw asTaskFailure(end)
  const decibels = [...(await readFile(file, 'latin1')).matchAll(/Peak_level=(-?[\d.]+|-inf)/g)]
  return decibels.map(([, level]) => (level === '-inf' ? 0 : Math.min(1, 10 ** (Number(level) / 20))))
}

const BACKGROUND = [20, 20, 30] as const
const COLOUR = [142, 162, 255] as const
/** Share of the height that full scale fills. */
const FILLED = 0.8
/** Pixels, of silence. */
const MIN_HEIGHT = 4

/** Bars around the middle line, as high as the loudest sample of their time. */
function drawWaveform(peaks: readonly number[]): Sharp {
  const { width, height } = WAVEFORM_SIZE
  const pixels = Buffer.alloc(width * height * 3, Uint8Array.from(BACKGROUND))
  for (let bar = 0; bar < BARS; bar += 1) {
    const half = Math.max(MIN_HEIGHT, (peaks[bar] ?? 0) * FILLED * height) / 2
    for (let y = Math.round(height / 2 - half); y < height / 2 + half; y += 1) {
      const at = (y * width + bar * STEP + (STEP - BAR) / 2) * 3
      pixels.fill(Uint8Array.from(COLOUR), at, at + BAR * 3)
    }
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } })
}
