import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import { createClip, H264, testVideo } from './support/clips.ts'
import { transcode } from './support/transcode.ts'
import { openWorkbench } from './support/workbench.ts'

vi.setConfig({ testTimeout: 120_000 })

const workbench = await openWorkbench()

/** Decibels below full scale. */
interface Level {
  peak: number
  loudness: number
}

/** Publishes a video whose channels all have the same tone at `volume`; returns the level of each side of its audio. */
async function sidesOf(layout: string, channels: number, volume: number): Promise<Level[]> {
  return await sidesOfTones(layout, Array(channels).fill(`${volume}*sin(2*PI*440*t)`))
}

/** The same for a tone for each channel. */
async function sidesOfTones(layout: string, channels: string[]): Promise<Level[]> {
  const tones = channels.join('|')
  const audio = ['-f', 'lavfi', '-i', `aevalsrc=${tones}:sample_rate=48000:channel_layout=${layout}:duration=2`]
  const source = await createClip(
    workbench.folder,
    `${layout}-${channels.length}.mov`,
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

it.each([
  ['3.0', 3, 2],
  ['5.1', 6, 2],
  ['7.1', 8, 2],
])('of %s, dialogue in the centre keeps its level within 3 dB', async (layout, channels, centre) => {
  const dialogue = Array.from({ length: channels }, (_, index) => (index === centre ? '0.25*sin(2*PI*440*t)' : '0'))
  const sides = await sidesOfTones(layout, dialogue)
  expect(sides).toHaveLength(2)
  // 12 and 3 make 15.
  for (const { loudness } of sides) expect(Math.abs(loudness + 15.05)).toBeLessThan(3)
})

/** Publishes a video with a mono track for each tone; returns the loudness of 440 and of 880 Hz on each side, in dB. */
async function tonesOf(name: string, tones: string[], ...options: string[]): Promise<{ low: number; high: number }[]> {
  const inputs = tones.flatMap((tone) => ['-f', 'lavfi', '-i', `aevalsrc=${tone}:sample_rate=48000:duration=2`])
  const maps = ['-map', '0:v', ...tones.flatMap((_, index) => ['-map', `${index + 1}:a`])]
  const clip = [...testVideo(2), ...inputs, ...maps, ...H264, '-c:a', 'pcm_s16le', ...options]
  const source = await createClip(workbench.folder, `${name}.mov`, ...clip)
  const { playlistKey } = await transcode(workbench, source, { short: [90] })
  const path = workbench.pathOf(`${playlistKey}/sound.m3u8`)
  const args = ['-v', 'error', '-allowed_extensions', 'ALL', '-i', path, '-f', 'f32le', '-']
  const { stdout } = await promisify(execFile)('ffmpeg', args, { encoding: 'buffer', maxBuffer: 2 ** 26 })
  const samples = new Float32Array(stdout.buffer, stdout.byteOffset, Math.floor(stdout.length / 4))
  const levelAt = (frequency: number, side: number) => {
    let [real, imaginary, count] = [0, 0, 0]
    for (let at = 12_000 + side; at < samples.length - 12_000; at += 2) {
      const phase = (2 * Math.PI * frequency * Math.floor(at / 2)) / 48_000
      real += (samples[at] ?? 0) * Math.cos(phase)
      imaginary += (samples[at] ?? 0) * Math.sin(phase)
      count += 1
    }
    return 20 * Math.log10((2 * Math.hypot(real, imaginary)) / count + 1e-6)
  }
  return [0, 1].map((side) => ({ low: levelAt(440, side), high: levelAt(880, side) }))
}

const [LOW, HIGH, SILENCE] = ['0.25*sin(2*PI*440*t)', '0.25*sin(2*PI*880*t)', '0']

describe('several mono tracks', () => {
  it('of one camera are left and right, at their levels', async () => {
    const [left, right] = await tonesOf('two', [LOW, HIGH])
    expect(Math.abs((left?.low ?? 0) + 12)).toBeLessThan(1)
    expect(Math.abs((right?.high ?? 0) + 12)).toBeLessThan(1)
    for (const other of [left?.high, right?.low]) expect(other).toBeLessThan(-50)
  })

  it('of four microphones are all heard', async () => {
    const [left, right] = await tonesOf('four', [SILENCE, LOW, HIGH, SILENCE])
    expect(Math.abs((left?.high ?? 0) + 12)).toBeLessThan(1)
    expect(Math.abs((right?.low ?? 0) + 12)).toBeLessThan(1)
  })

  it('that are all loud do not exceed full scale', async () => {
    const source = Array(4).fill('0.9*sin(2*PI*440*t)')
    for (const { low } of await tonesOf('loud', source)) expect(low).toBeLessThan(0)
  })

  it('in two languages are not mixed', async () => {
    const languages = ['-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=spa']
    for (const { high } of await tonesOf('languages', [LOW, HIGH], ...languages)) expect(high).toBeLessThan(-50)
  })
})

/** The loudest frequency of each channel of an output of the task that encodes 5.1, in hertz. */
async function pitches(layout: string, hertz: number[]): Promise<number[]> {
  const tones = hertz.map((pitch) => `0.4*sin(2*PI*${pitch}*t)`).join('|')
  const audio = ['-f', 'lavfi', '-i', `aevalsrc=${tones}:sample_rate=48000:channel_layout=${layout}:duration=2`]
  const source = await createClip(workbench.folder, `places-${hertz.length}.wav`, ...audio, '-c:a', 'pcm_s16le')
  const { facts, sourceKey } = await workbench.probe(source)
  expect(facts.audio?.surround).toBe(true)
  const work = { kind: 'audio', sourceKey, facts, channels: 6, segmentSeconds: 6, firstSegment: 0 } as const
  const outputKey = `surround/${hertz.length}`
  expect(await workbench.run(work, { outputKey })).toMatchObject({ channels: 6, codecs: 'mp4a.40.2' })
  const files = ['init.mp4', '0.m4s'].map((name) => workbench.pathOf(`${outputKey}/${name}`))
  const args = ['-v', 'error', '-i', `concat:${files.join('|')}`, '-f', 'f32le', '-']
  const { stdout } = await promisify(execFile)('ffmpeg', args, { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 })
  const samples = new Float32Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.byteLength))
  return Array.from({ length: 6 }, (_, channel) => {
    const level = (pitch: number) => {
      const at = (second: number) => samples[Math.round(second * 48_000) * 6 + channel] ?? 0
      const parts = Array.from({ length: 24_000 }, (_, index) => 0.5 + index / 48_000)
      const sum = (wave: (angle: number) => number) =>
        parts.reduce((total, second) => total + at(second) * wave(2 * Math.PI * pitch * second), 0)
      return Math.hypot(sum(Math.sin), sum(Math.cos))
    }
    return hertz.toSorted((one, other) => level(other) - level(one))[0] ?? 0
  })
}

it('5.1 keeps each channel in its place, and the sides of 7.1 are behind', async () => {
  // Left, right, centre, low frequencies, back left and right.
  expect(await pitches('5.1', [300, 400, 500, 60, 600, 700])).toEqual([300, 400, 500, 60, 600, 700])
  // Of 7.1, the back is louder than the sides, which follow it in the order of channels.
  expect(await pitches('7.1', [300, 400, 500, 60, 600, 700, 800, 900])).toEqual([300, 400, 500, 60, 600, 700])
})

it('six channels without places are not taken for 5.1', async () => {
  const audio = ['-f', 'lavfi', '-i', 'sine=d=1', '-af', 'pan=6c|c0=c0|c1=c0|c2=c0|c3=c0|c4=c0|c5=c0']
  const source = await createClip(workbench.folder, 'six.mkv', ...audio, '-c:a', 'pcm_s16le')
  const { facts } = await workbench.probe(source)
  expect(facts.audio).toMatchObject({ channels: 6 })
  expect(facts.audio?.surround).toBeUndefined()
})
