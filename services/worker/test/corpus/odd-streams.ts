import { readFile, writeFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { deflateSync } from 'node:zlib'
import { AAC, createClip, H264, testVideo, tone } from '../support/clips.ts'
import { EBML_HEADER, element, zlibMatroska } from './ebml.ts'
import type { HostileFile, Seeds } from './hostile-file.ts'
import { copyOfSeed, encoded, joined, MKV, remuxed, TS, written } from './making.ts'
import { SIZE } from './seeds.ts'

const seed = ({ folder }: Seeds) => ['-i', `${folder}/seed.mp4`]
const TEN_MEGABYTES = deflateSync(Buffer.alloc(9_900_000))

/** Containers with unusual clocks, audio, subtitles or compression. */
export const ODD_STREAMS: HostileFile[] = [
  encoded('a clock that begins before zero', 'ready', (s) => [
    ...copyOfSeed(s),
    '-output_ts_offset',
    '-5',
    ...MKV,
    '-avoid_negative_ts',
    'disabled',
  ]),
  encoded('a clock that begins after a day', 'ready', (s) => [...copyOfSeed(s), '-output_ts_offset', '90000', ...MKV]),
  encoded('a clock that wraps round', 'ready', (s) => [...copyOfSeed(s), '-output_ts_offset', '95443.2', ...TS]),
  written('a clock that goes back', 'ready', ({ ts }) => Buffer.concat([ts, ts])),
  joined(
    'a clock that jumps by 22 hours',
    'SOURCE_OVER_LIMIT',
    ({ ts }) => ts,
    (s) => [...copyOfSeed(s), '-output_ts_offset', '80000'],
  ),
  encoded('a hundred thousand frames a second', 'SOURCE_OVER_LIMIT', (s) => [
    ...copyOfSeed(s),
    ...['-an', '-bsf:v', 'setts=ts=N:duration=1:time_base=1/100000', '-video_track_timescale', '100000', '-f', 'mp4'],
  ]),
  encoded('a frame every hour', 'SOURCE_OVER_LIMIT', (s) => [
    ...copyOfSeed(s),
    '-an',
    '-bsf:v',
    'setts=ts=N*3600/TB',
    ...MKV,
  ]),
  encoded('audio that begins eleven hours after the video', 'ready', (s) => [
    ...seed(s),
    ...['-itsoffset', '40000', ...seed(s), '-map', '0:v', '-map', '1:a', '-c', 'copy', ...MKV],
  ]),
  encoded('audio that begins eleven hours before the video', 'ready', (s) => [
    ...['-itsoffset', '40000', ...seed(s), ...seed(s), '-map', '0:v', '-map', '1:a', '-c', 'copy', ...MKV],
  ]),
  joined(
    'audio that changes its rate and channels',
    'ready',
    ({ ts }) => ts,
    () => [
      ...testVideo(1, { size: SIZE }),
      ...[
        '-f',
        'lavfi',
        '-i',
        'anullsrc=channel_layout=5.1:sample_rate=44100:duration=1',
        ...H264,
        ...AAC,
        '-output_ts_offset',
        '1',
      ],
    ],
  ),
  {
    name: 'audio of an unknown version of Opus',
    verdict: 'SOURCE_CORRUPT',
    async make({ folder }, path) {
      const source = ['-i', `${folder}/seed.mp4`, '-c:v', 'copy', '-c:a', 'libopus']
      await createClip(dirname(path), basename(path), ...source, ...MKV)
      const bytes = await readFile(path)
      bytes[bytes.indexOf('OpusHead') + 'OpusHead'.length] = 160
      await writeFile(path, bytes)
    },
  },
  encoded('audio of 24 channels', 'ready', () => [
    ...testVideo(1, { size: SIZE }),
    ...[
      '-f',
      'lavfi',
      '-i',
      'anullsrc=channel_layout=24c:sample_rate=8000:duration=1',
      ...H264,
      '-c:a',
      'pcm_s16le',
      ...MKV,
    ],
  ]),
  encoded('audio of one sample a second', 'ready', () => [
    ...testVideo(1, { size: SIZE }),
    ...['-f', 'lavfi', '-i', 'anullsrc=sample_rate=1:duration=2', ...H264, '-c:a', 'pcm_s16le', ...MKV],
  ]),
  encoded('a hundred audio tracks', 'SOURCE_OVER_LIMIT', (s) => [
    ...seed(s),
    ...['-map', '0:v', ...Array.from({ length: 100 }, () => ['-map', '0:a']).flat(), '-c', 'copy', ...MKV],
  ]),
  remuxed('thirty thousand subtitles', 'ready', manySubtitles, (s, file) => [
    ...seed(s),
    '-f',
    'srt',
    '-i',
    file,
    '-c',
    'copy',
    ...MKV,
  ]),
  encoded('audio with an address in its title', 'ready', (s) => [
    ...tone(1),
    ...AAC,
    '-metadata',
    `title=${s.secretUrl}`,
    ...MKV,
  ]),
  written('frames that unpack to a thousand times their size', 'SOURCE_UNSUPPORTED', () =>
    zlibMatroska(Array(20).fill(TEN_MEGABYTES)),
  ),
  written('a codec header that unpacks to a thousand times its size', 'SOURCE_UNSUPPORTED', () =>
    zlibMatroska([TEN_MEGABYTES], TEN_MEGABYTES),
  ),
  written('frames that do not unpack', 'SOURCE_CORRUPT', () => zlibMatroska([Buffer.alloc(500, 'x')])),
  written('Matroska cut after its header', 'SOURCE_CORRUPT', () => EBML_HEADER),
  written('a thousand clusters inside one another', 'NO_VIDEO_STREAM', () => {
    let inner: Buffer = Buffer.alloc(0)
    for (let level = 0; level < 1000; level += 1) inner = element(0x1f43b675, inner)
    return Buffer.concat([EBML_HEADER, element(0x18538067, inner)])
  }),
]

function manySubtitles(): string {
  const lines = Array.from({ length: 30_000 }, (_, i) => `${i + 1}\n00:00:00,000 --> 00:00:01,000\n{\\b1}${i}\n\n`)
  return lines.join('')
}
