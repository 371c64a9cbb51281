import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it, vi } from 'vitest'
import { createClip, H264, testVideo } from './support/clips.ts'
import { transcode } from './support/transcode.ts'
import { openWorkbench } from './support/workbench.ts'

vi.setConfig({ testTimeout: 60_000 })

const workbench = await openWorkbench()

/** Decibels below full scale. */
interface Level {
  peak: number
  loudness: number
}

/** Publishes a video whose channels all have the same tone at `volume`; returns the level of each side of its audio. */
async function sidesOf(layout: string, channels: number, volume: number): Promise<Level[]> {
  const tones = Array(channels).fill(`${volume}*sin(2*PI*440*t)`).join('|')
  const audio = ['-f', 'lavfi', '-i', `aevalsrc=${tones}:sample_rate=48000:channel_layout=${layout}:duration=2`]
  const source = await createClip(
    workbench.folder,
    `${layout}.mov`,
    ...[...testVideo(2), ...audio, ...H264, '-c:a', 'pcm_s16le'],
  )
  const { playlistKey } = await transcode(workbench, source, { short: [90] })
  return await levels(workbench.pathOf(`${playlistKey}/sound.m3u8`))
}

async function levels(path: string): Promise<Level[]> {
  const filters = 'astats=measure_perchannel=Peak_level+RMS_level:measure_overall=none'
  const args = ['-hide_banner', '-nostdin', '-allowed_extensions', 'ALL', '-i', path, '-af', filters, '-f', 'null', '-']
  const { stderr } = await promisify(execFile)('ffmpeg', args)
  const values = (name: string) =>
    [...stderr.matchAll(new RegExp(`${name} level dB: (\\S+)`, 'g'))].map((match) => Number(match[1]))
  const loudness = values('RMS')
  return values('Peak').map((peak, side) => ({ peak, loudness: loudness[side] ?? Number.NaN }))
}

it.each([
  ['5.1', 6],
  ['7.1', 8],
])('%s is mixed without exceeding full scale', async (layout, channels) => {
  const sides = await sidesOf(layout, channels, 0.9)
  expect(sides).toHaveLength(2)
  for (const { peak } of sides) expect(peak).toBeLessThan(0)
})

it.each([
  ['mono', 1],
  ['stereo', 2],
])('%s keeps its level on both sides', async (layout, channels) => {
  const sides = await sidesOf(layout, channels, 0.5)
  expect(sides).toHaveLength(2)
  // A sine is 3 dB below its peak; 6 and 3 make 9.
  for (const { loudness } of sides) expect(Math.abs(loudness + 9.03)).toBeLessThan(0.2)
})
