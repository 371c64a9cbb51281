import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { SourceFacts, Warning } from '@kinora/common/contracts'
import sharp from 'sharp'
import { describe, expect, it, vi } from 'vitest'
import { createClip, inspect, tone } from './support/clips.ts'
import { openWorkbench } from './support/workbench.ts'

vi.setConfig({ testTimeout: 120_000 })

const run = promisify(execFile)
const workbench = await openWorkbench()
const clip = (name: string, ...args: string[]) => createClip(workbench.folder, name, ...args)

/** Green, 300 × 200. */
const cover = await clip('cover.png', '-f', 'lavfi', '-i', 'color=0x00c000:size=300x200', '-frames:v', '1')
const jpeg = await clip('cover.jpg', '-i', cover)
const covered = (codec: string, picture = cover) => [
  ...['-i', picture, '-map', '0:a', '-map', '1:v', '-c:v', codec, '-disposition:v:0', 'attached_pic'],
]
/** Silence, and a tone from the second second to the third. */
const BEEP = [
  ...['-f', 'lavfi', '-i', "aevalsrc='if(between(t,1,2),0.5*sin(880*PI*t),0)':sample_rate=44100:duration=4"],
]

/** The mean level of each tenth of a second of a rendition or file, from 0 to 1. */
async function levels(path: string): Promise<number[]> {
  const extensions = path.endsWith('.m3u8') ? ['-allowed_extensions', 'ALL'] : []
  const args = ['-v', 'error', ...extensions, '-i', path, '-ac', '1', '-ar', '48000', '-f', 'f32le', '-']
  const { stdout } = await run('ffmpeg', args, { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 })
  const samples = new Float32Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.byteLength))
  return Array.from({ length: Math.floor(samples.length / 4800) }, (_, at) => {
    const part = samples.subarray(at * 4800, (at + 1) * 4800)
    return Math.sqrt(part.reduce((sum, sample) => sum + sample * sample, 0) / part.length)
  })
}

/** Encodes the audio, writes the playlists as media does, and has them checked; returns the key of their folder. */
async function publish(sourceKey: string, facts: SourceFacts): Promise<string> {
  const folder = sourceKey.replace('sources', 'videos')
  const work = { kind: 'audio', sourceKey, facts, segmentSeconds: 1.504, firstSegment: 0 } as const
  const { segments } = await workbench.run(work, { outputKey: `${folder}/audio` })
  const bits = segments.reduce((sum, { bytes }) => sum + bytes * 8, 0) / facts.durationSeconds
  const lines = segments.flatMap(({ seconds }, at) => [`#EXTINF:${seconds.toFixed(6)},`, `audio/${at}.m4s`])
  const head = ['#EXTM3U', '#EXT-X-VERSION:7']
  const media = ['#EXT-X-TARGETDURATION:2', '#EXT-X-PLAYLIST-TYPE:VOD', '#EXT-X-MAP:URI="audio/init.mp4"']
  await workbench.store.put(`${folder}/audio.m3u8`, [...head, ...media, ...lines, '#EXT-X-ENDLIST', ''].join('\n'))
  const variant = `BANDWIDTH=900000,AVERAGE-BANDWIDTH=${Math.ceil(bits)},CODECS="mp4a.40.2"`
  await workbench.store.put(
    `${folder}/master.m3u8`,
    [...head, '#EXT-X-INDEPENDENT-SEGMENTS', `#EXT-X-STREAM-INF:${variant}`, 'audio.m3u8', ''].join('\n'),
  )
  await finalise(folder, facts)
  return folder
}

async function finalise(playlistKey: string, { video: { frameRate, frameCount } }: SourceFacts, hasVideo = false) {
  return await workbench.run({
    ...{ kind: 'finalise', playlistKey, frameRate, frameCount, hasAudio: true, hasVideo },
  })
}

async function posterOf(sourceKey: string, facts: SourceFacts) {
  const outputKey = `${sourceKey.replace('sources', 'videos')}/poster`
  await workbench.run({ kind: 'poster', sourceKey, facts }, { outputKey })
  const open = (name: string) => sharp(workbench.pathOf(`${outputKey}/${name}`))
  return { poster: open('poster.jpg'), waveform: open('waveform.png') }
}

describe('a source without frames', () => {
  it.each<[string, string[], string | undefined]>([
    ['plain.mp3', ['-c:a', 'libmp3lame'], undefined],
    ['cover.mp3', [...covered('mjpeg', jpeg), '-c:a', 'libmp3lame', '-id3v2_version', '3'], 'mjpeg'],
    ['cover.m4a', [...covered('mjpeg', jpeg), '-c:a', 'aac'], 'mjpeg'],
    ['png.flac', [...covered('png'), '-c:a', 'flac'], 'png'],
    ['plain.wav', ['-c:a', 'pcm_s24le'], undefined],
    ['plain.w64', ['-c:a', 'pcm_s16le'], undefined],
    ['plain.opus', ['-c:a', 'libopus', '-ar', '48000'], undefined],
    ['plain.ogg', ['-c:a', 'libvorbis'], undefined],
    ['plain.aac', ['-c:a', 'aac', '-f', 'adts'], undefined],
    ['plain.mka', ['-c:a', 'flac'], undefined],
    ['plain.mov', ['-c:a', 'pcm_s16be'], undefined],
    ['plain.aiff', ['-c:a', 'pcm_s16be'], undefined],
    ['plain.caf', ['-c:a', 'alac'], undefined],
    ['plain.ts', ['-c:a', 'mp2'], undefined],
    ['plain.wma', ['-c:a', 'wmav2', '-f', 'asf'], undefined],
  ])('is of the kind audio, with its length and cover: %s', async (name, args, codec) => {
    const { facts, sourceKey, warnings } = await workbench.probe(await clip(name, ...BEEP, ...args))
    expect(facts.kind).toBe('audio')
    expect(facts.cover?.codec).toBe(codec)
    expect(Math.abs(facts.durationSeconds - 4)).toBeLessThan(0.15)
    expect(warnings).toEqual([])
    if (!name.match(/cover|aac|ogg/)) return
    const key = `${sourceKey}-out`
    const work = { kind: 'audio', sourceKey, facts, segmentSeconds: 6, firstSegment: 0 } as const
    await workbench.run(work, { outputKey: key })
    await run('sh', ['-c', 'cat init.mp4 0.m4s > whole.mp4'], { cwd: workbench.pathOf(key) })
    const heard = await levels(workbench.pathOf(`${key}/whole.mp4`))
    const [from, to] = [heard.findIndex((level) => level > 0.2), heard.findLastIndex((level) => level > 0.2)]
    expect(Math.abs(from - 10)).toBeLessThanOrEqual(1)
    expect(Math.abs(to - 19)).toBeLessThanOrEqual(1)
  })

  it('is complete HLS of audio alone, with its cover as the poster, a waveform, chapters, a download and clips', async () => {
    const chapters =
      ';FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=1\ntitle=One\n[CHAPTER]\nTIMEBASE=1/1\nSTART=1\nEND=4\ntitle=Two\n'
    const texts = join(workbench.folder, 'chapters.txt')
    await writeFile(texts, chapters)
    const inputs = [...BEEP, '-i', jpeg, '-i', texts, '-map', '0:a', '-map', '1:v', '-map_metadata', '2']
    const source = await clip('podcast.mp3', ...inputs, '-c:v', 'copy', '-disposition:v:0', 'attached_pic', '-q:a', '4')
    const probed = await workbench.probe(source)
    const { facts, sourceKey } = probed
    expect(probed.chapters?.map(({ title }) => title)).toEqual(['One', 'Two'])

    const folder = await publish(sourceKey, facts)
    const [audio] = await inspect(workbench.pathOf(`${folder}/audio.m3u8`))
    expect(audio).toMatchObject({ codec_name: 'aac', channels: 2, sample_rate: '48000' })
    await expect(finalise(folder, facts, true)).rejects.toThrow(/rule HLS-29/)
    const longer = { ...facts, video: { ...facts.video, frameCount: facts.video.frameCount + 3 } }
    await expect(finalise(folder, longer)).rejects.toThrow(/rule HLS-29/)

    const { poster, waveform } = await posterOf(sourceKey, facts)
    expect(await poster.metadata()).toMatchObject({ width: 300, height: 200 })
    const { channels } = await poster.stats()
    expect(channels[1]?.mean).toBeGreaterThan(150)
    const column = async (left: number) => {
      const pixels = await waveform.clone().extract({ left, top: 0, width: 6, height: 720 }).raw().toBuffer()
      return pixels.reduce((sum, value) => sum + value, 0) / pixels.length
    }
    expect(await waveform.metadata()).toMatchObject({ width: 1280, height: 720, format: 'png' })
    expect(await column(480)).toBeGreaterThan((await column(150)) + 40)
    expect(await column(1000)).toBeLessThan((await column(150)) + 2)

    const soundKey = `${folder}/audio.m3u8`
    const work = { kind: 'download', pictureKey: null, soundKey, frameCount: facts.video.frameCount } as const
    await workbench.run(work, { outputKey: `${folder}/download` })
    const path = workbench.pathOf(`${folder}/download/download.mp4`)
    const { stdout } = await run('ffprobe', [
      '-v',
      'error',
      '-show_entries',
      'format=duration:format_tags=major_brand',
      '-of',
      'csv=p=0',
      path,
    ])
    expect(stdout).toMatch(/^4\.\d+,M4A /)

    // From 1.5 s on, the tone lasts half a second more.
    const { frameRate } = facts.video
    const clipped = {
      startTime: facts.video.startTime + (70 * frameRate.den) / frameRate.num,
      frameCount: 70,
      clipped: true,
    }
    const part = { ...facts, durationSeconds: 1.493, video: { ...facts.video, ...clipped } }
    const heard = await levels(workbench.pathOf(`${await publish(sourceKey, part)}/audio.m3u8`))
    // Without the part in which it ends: the encoder of MP3 has a delay.
    expect(
      heard
        .toSpliced(5, 1)
        .slice(0, 9)
        .map((level) => level > 0.2),
    ).toEqual([1, 1, 1, 1, 1, 0, 0, 0, 0].map(Boolean))
  })

  it('gets its waveform as the poster without a cover, or with one that cannot be decoded', async () => {
    const { facts, sourceKey } = await workbench.probe(await clip('beep.wav', ...BEEP))
    for (const damaged of [{}, { cover: { streamIndex: 3, codec: 'png' } }]) {
      const { poster } = await posterOf(sourceKey, { ...facts, ...damaged })
      expect(await poster.metadata()).toMatchObject({ width: 1280, height: 720 })
    }
  })

  it('is added to a video: its beginning is that of the video, and it is cut or silent at the end', async () => {
    const film = [
      '-f',
      'lavfi',
      '-i',
      'color=gray:size=160x90:rate=25:duration=3',
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
    ]
    // The clock of the video begins at two seconds.
    const video = await workbench.probe(await clip('film.mkv', ...film, '-output_ts_offset', '2'))
    expect(video.facts.video.startTime).toBeCloseTo(2, 1)
    const sources = {
      'long.mp3': ['-c:a', 'libmp3lame'],
      'added.ts': ['-c:a', 'mp2', '-t', '1.5'],
      'cover2.m4a': covered('mjpeg', jpeg),
    }
    for (const [name, args] of Object.entries(sources)) {
      const sourceKey = await workbench.addSource(await clip(name, ...BEEP, ...args))
      const warnings: Warning[] = []
      const { facts } = video
      const work = {
        kind: 'audio',
        sourceKey,
        facts,
        track: '5',
        added: true,
        segmentSeconds: 6,
        firstSegment: 0,
      } as const
      const outputKey = `added/${name}`
      const { segments } = await workbench.run(work, { outputKey, warnings })
      expect(segments[0]?.seconds).toBeCloseTo(3, 1)
      await run('sh', ['-c', 'cat init.mp4 0.m4s > whole.mp4'], { cwd: workbench.pathOf(outputKey) })
      const heard = await levels(workbench.pathOf(`${outputKey}/whole.mp4`))
      expect(Math.abs(heard.findIndex((level) => level > 0.2) - 10)).toBeLessThanOrEqual(1)
      const end = name === 'added.ts' ? 14 : 19
      expect(Math.abs(heard.findLastIndex((level) => level > 0.2) - end)).toBeLessThanOrEqual(1)
      expect(warnings.map(({ code }) => code)).toEqual(name === 'added.ts' ? [] : ['AUDIO_CUT'])
    }
    const sourceKey = await workbench.addSource(cover)
    const work = { kind: 'audio', sourceKey, facts: video.facts, track: '5', added: true } as const
    const wrong = workbench.run({ ...work, segmentSeconds: 6, firstSegment: 0 })
    await expect(wrong).rejects.toMatchObject({ taskCause: { class: 'input' } })
  })

  it('is refused with its codec where nothing of it can be played', async () => {
    const cause = async (name: string, ...args: string[]) =>
      await workbench.probe(await clip(name, ...args)).then(
        () => undefined,
        ({ taskCause }) => `${taskCause.code} ${taskCause.detail}`,
      )
    expect(await cause('tta.mka', ...tone(1), '-c:a', 'tta')).toMatch(/^SOURCE_UNSUPPORTED .*audio track 1 \(tta\)/)
    const noise = join(workbench.folder, 'noise.mp3')
    for (const seed of [1, 2, 3, 4]) {
      const bytes = Buffer.alloc(60_000)
      for (let at = 0, x = seed; at < bytes.length; at += 1) {
        x = (x * 1_103_515_245 + 12_345) % 2_147_483_648
        bytes[at] = x >> 16
      }
      await writeFile(noise, bytes)
      await expect(workbench.probe(noise)).rejects.toMatchObject({ taskCause: { class: 'input' } })
    }
  })
})
