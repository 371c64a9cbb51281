import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SourceFacts, SourceSubtitles, Warning } from '@kinora/common/contracts'
import { describe, expect, it, vi } from 'vitest'
import { captionsOf } from '../src/operations/subtitle-text.ts'
import { createClip, H264, testVideo } from './support/clips.ts'
import { popOnCaptions, withCodes, withUserData } from './support/closed-captions.ts'
import { openWorkbench } from './support/workbench.ts'

vi.setConfig({ testTimeout: 120_000 })

const workbench = await openWorkbench()
const clip = (name: string, ...args: string[]) => createClip(workbench.folder, name, ...args)

async function file(name: string, content: string | Buffer): Promise<string> {
  const path = join(workbench.folder, name)
  await writeFile(path, content)
  return path
}

const SRT = await file(
  'plain.srt',
  [
    '1\n00:00:00,500 --> 00:00:01,500\n<i>Guten</i> <font color="red">Tag</font> <3 & "mehr"\n',
    '2\n00:00:02,000 --> 00:00:09,000\nerste\nzweite Zeile\n',
  ].join('\n'),
)
const ASS = await file(
  'styled.ass',
  `[Script Info]
ScriptType: v4.00+
[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, Alignment
Style: Default,Arial,20,&H00FFFFFF,2
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{\\an8\\c&H0000FF&}Hello\\N\\N{\\i1}there{\\i0}
`,
)
const VTT = await file('plain.vtt', 'WEBVTT\n\n00:01.000 --> 00:02.000 line:0\n<v Ann>1 &lt; 2</v>\n')

async function extract(source: string, change: (facts: SourceFacts) => SourceFacts = (facts) => facts) {
  const { sourceKey, facts, subtitles, warnings } = await workbench.probe(source)
  const outputKey = `${sourceKey.replace('sources', 'videos')}/subtitles`
  const taskWarnings: Warning[] = []
  const work = { kind: 'subtitles', sourceKey, facts: change(facts), tracks: subtitles ?? [] } as const
  const { found } = await workbench.run(work, { outputKey, warnings: taskWarnings })
  const texts = found.map(async (index) => (await workbench.store.get(`${outputKey}/${index}.vtt`)).toString())
  return { subtitles, warnings: [...warnings, ...taskWarnings], found, texts: await Promise.all(texts) }
}

const inputs = (...files: string[]) => files.flatMap((path) => ['-i', path])
const maps = (count: number) => Array.from({ length: count }, (_, index) => ['-map', String(index)]).flat()

describe('subtitle tracks', () => {
  it('of text in Matroska become captions, with their language and role', async () => {
    const source = await clip(
      'texts.mkv',
      ...[...testVideo(4), ...inputs(SRT, ASS, VTT), ...maps(4), ...H264],
      ...['-c:s:0', 'subrip', '-c:s:1', 'ass', '-c:s:2', 'webvtt'],
      ...['-metadata:s:s:0', 'language=ger', '-metadata:s:s:1', 'language=eng', '-metadata:s:s:1', 'title=Signs'],
      ...['-disposition:s:0', 'hearing_impaired', '-disposition:s:1', 'forced'],
    )
    const { subtitles, warnings, found, texts } = await extract(source)
    expect(subtitles).toEqual<SourceSubtitles[]>([
      { streamIndex: 1, codec: 'subrip', language: 'ger', sdh: true },
      { streamIndex: 2, codec: 'ass', language: 'eng', title: 'Signs', forced: true },
      { streamIndex: 3, codec: 'webvtt' },
    ])
    expect([warnings, found]).toEqual([[], [1, 2, 3]])
    expect(texts[0]).toContain('\n00:00:00.500 --> 00:00:01.500\n')
    expect(texts[0]).toMatch(/<i>Guten<\/i>.*Tag.*&lt;3 &amp; "mehr"\n/)
    // The last text ends with the video.
    expect(texts[0]).toContain('\n00:00:02.000 --> 00:00:04.000\nerste\nzweite Zeile\n')
    expect(texts[1]).toMatch(/00:00:01.000 --> 00:00:02.000\n.*Hello.*\n.*<i>there<\/i>/)
    expect(texts[2]).toContain('00:00:01.000 --> 00:00:02.000\n1 &lt; 2\n')
  })

  it('of text in MP4 become captions, and those of a clip begin with it', async () => {
    const args = [
      ...testVideo(4),
      ...inputs(SRT),
      ...maps(2),
      ...H264,
      '-c:s',
      'mov_text',
      '-metadata:s:s',
      'language=fra',
    ]
    const cut = (facts: SourceFacts): SourceFacts => {
      const video = { ...facts.video, startTime: facts.video.startTime + 1, frameCount: 50, clipped: true }
      return { ...facts, durationSeconds: 2, video }
    }
    const { subtitles, texts } = await extract(await clip('texts.mp4', ...args), cut)
    expect(subtitles).toMatchObject([{ codec: 'mov_text', language: 'fra' }])
    expect(texts[0]).toContain('\n00:00:00.000 --> 00:00:00.500\n')
    expect(texts[0]).toContain('\n00:00:01.000 --> 00:00:02.000\n')
  })

  it('of CEA-608 in a QuickTime file become captions', async () => {
    const scc = ['Scenarist_SCC V1.0', '', '00:00:01:00\t9420 9420 9470 9470 c8e5 ecec ef80 942f 942f', '']
    const path = await file('captions.scc', [...scc, '00:00:03:00\t942c 942c', ''].join('\n'))
    const args = [...testVideo(4), ...inputs(path), ...maps(2), ...H264, '-c:s', 'copy']
    const { subtitles, texts } = await extract(await clip('captions.mov', ...args))
    expect(subtitles).toMatchObject([{ streamIndex: 1, codec: 'eia_608' }])
    expect(texts[0]).toMatch(/00:00:01\.\d{3} --> 00:00:0[23]\.\d{3}\nHello\n/)
  })

  it.each([
    ['H.264 in a transport stream', 'ts', 'h264'],
    ['H.264 in Matroska', 'mkv', 'h264'],
    ['MPEG-2 in a programme stream', 'mpg', 'mpeg2video'],
  ])('in the frames of %s become captions at their times', async (_, ending, codec) => {
    const codes = popOnCaptions(
      [
        { frame: 25, text: 'HELLO <3 & YOU' },
        { frame: 50, text: 'AGAIN' },
      ],
      75,
    )
    const encoder =
      codec === 'h264'
        ? [...H264, '-x264-params', 'aud=1:slices=1:bframes=0', '-f', 'h264']
        : ['-c:v', 'mpeg2video', '-bf', '0', '-f', 'mpeg2video']
    const plain = await readFile(await clip(`plain.${codec}`, ...testVideo(4, { size: '160x90' }), ...encoder))
    const path = await file(`codes.${codec}`, codec === 'h264' ? withCodes(plain, codes) : withUserData(plain, codes))
    const raw = ['-framerate', '25', '-f', codec === 'h264' ? 'h264' : 'mpegvideo', '-i', path]
    const audio = ['-f', 'lavfi', '-i', 'sine=duration=4', '-c:a', 'mp2', '-metadata:s:a', 'language=eng']
    // A raw stream has no times.
    const times = codec === 'h264' ? [] : ['-bsf:v', 'setts=ts=N*3600']
    const source = await clip(`codes.${ending}`, ...raw, ...audio, '-c:v', 'copy', ...times)
    const { subtitles, warnings, texts } = await extract(source)
    expect(warnings).toEqual([])
    expect(subtitles).toMatchObject([{ codec: 'eia_608', sdh: true, ...(ending !== 'mpg' && { language: 'eng' }) }])
    const cues = [...(texts[0] ?? '').matchAll(/00:00:(\S+) --> 00:00:(\S+)\n(.*)\n/g)].map(([, from, to, text]) => {
      return { from: Number(from), to: Number(to), text: text?.trim() }
    })
    expect(cues).toEqual([
      { from: expect.closeTo(1, 1), to: expect.closeTo(2, 1), text: 'HELLO &lt;3 &amp; YOU' },
      { from: expect.closeTo(2, 1), to: expect.closeTo(3, 1), text: 'AGAIN' },
    ])
  })

  it('that are pictures are left out with a warning that names them', async () => {
    const pictures = await file('pictures.sup', Buffer.concat([pictureSegment(0x16), pictureSegment(0x80)]))
    const copied = ['-c:s:0', 'copy', '-c:s:1', 'subrip']
    const source = await clip('bitmap.mkv', ...testVideo(1), ...inputs(pictures, SRT), ...maps(3), ...H264, ...copied)
    const { subtitles, warnings } = await workbench.probe(source)
    expect(subtitles).toMatchObject([{ streamIndex: 2, codec: 'subrip' }])
    const detail = 'Subtitle track 2 (hdmv_pgs_subtitle) is not part of the video: its texts are pictures.'
    expect(warnings).toEqual([{ code: 'SUBTITLE_TRACK_SKIPPED', detail }])
  })
})

/** A segment of subtitles of a Blu-ray disc: 0x16 describes a screen without objects, 0x80 ends it. */
function pictureSegment(type: number): Buffer {
  const body = type === 0x16 ? Buffer.from([2, 128, 1, 104, 16, 0, 0, 128, 0, 0, 0]) : Buffer.alloc(0)
  const header = Buffer.alloc(13)
  header.write('PG')
  header.writeUInt32BE(45_000, 2)
  header.writeUInt8(type, 10)
  header.writeUInt16BE(body.length, 11)
  return Buffer.concat([header, body])
}

describe('texts of ffmpeg', () => {
  const video = { startTime: 1, duration: 10 }

  it('are moved to the clock of the video, and those outside of it are left out', () => {
    const srt = ['00:00:00,200 --> 00:00:00,900\nbefore', '00:00:00,500 --> 00:00:02,000\nfirst\n\nsecond --> x']
      .map((text, index) => `${index + 1}\n${text}\n`)
      .join('\n')
    expect(captionsOf(srt, video)).toBe('WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nfirst\nsecond → x\n')
  })

  it.each([
    ['nothing', ''],
    ['a text without times', 'hello\n'],
    ['texts after the end', '1\n00:01:00,000 --> 00:01:01,000\nlate\n'],
    ['an empty text', '1\n00:00:02,000 --> 00:00:03,000\n \n'],
  ])('are none in %s', (_, srt) => {
    expect(captionsOf(srt, video)).toBeNull()
  })
})
