import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createClip, testVideo } from '../support/clips.ts'
import type { HostileFile, Seeds } from './hostile-file.ts'
import { copyOfSeed, encoded, MKV, MP4, remuxed } from './making.ts'
import { SIZE } from './seeds.ts'

const inCodec = (codec: string, ...container: string[]) => [
  ...testVideo(0.2, { size: SIZE }),
  '-c:v',
  codec,
  ...container,
]
const AVI = ['-f', 'avi']
const MOV = ['-f', 'mov']
const seed = ({ folder }: Seeds) => ['-i', `${folder}/seed.mp4`]

/**
 * Decoders and demuxers of the advisories of 2025 and 2026, by family: none decodes anything. MagicYUV is CVE-2026-8461, JPEG 2000
 * CVE-2025-9951, encrypted samples in MP4 CVE-2026-40962; the others are neighbours that no upload needs.
 */
const REFUSED = [
  ...[MKV, AVI, MOV].map((container) =>
    encoded(`MagicYUV in ${container[1]}`, 'SOURCE_UNSUPPORTED', () => inCodec('magicyuv', ...container)),
  ),
  ...['jpeg2000', 'utvideo', 'huffyuv', 'ffvhuff', 'cinepak', 'snow', 'zmbv', 'flashsv'].map((codec) =>
    encoded(`${codec}, which is not allowed`, 'SOURCE_UNSUPPORTED', () =>
      inCodec(codec, ...(codec === 'jpeg2000' || codec === 'cinepak' ? MOV : AVI)),
    ),
  ),
  encoded('a good track beside one in MagicYUV', 'ready', (s) => [
    ...[...seed(s), ...testVideo(0.2, { size: SIZE }), '-map', '0:v', '-map', '1:v', '-c:v:0', 'copy'],
    ...['-c:v:1', 'magicyuv', ...MKV],
  ]),
  encoded('audio in Vorbis', 'ready', (s) => [
    ...[...seed(s), '-map', '0', '-c:v', 'copy', '-c:a', 'libvorbis', ...MKV],
  ]),
]

/** Encrypted frames are noise without the key. */
const ENCRYPTED = encoded('encrypted samples', 'SOURCE_UNSUPPORTED', (s) => [
  ...[...copyOfSeed(s), '-encryption_scheme', 'cenc-aes-ctr', '-encryption_key', '0123456789abcdef0123456789abcdef'],
  ...['-encryption_kid', '0123456789abcdef0123456789abcdef', ...MP4],
])

const COVERS = 6

/** Decoded, each takes 138 MB: one run of ffprobe or ffmpeg more than a gigabyte. */
const MANY_COVERS: HostileFile = {
  name: 'six large covers',
  verdict: 'ready',
  async make({ folder }, path) {
    const cover = join(folder, 'cover.png')
    await createClip(
      folder,
      'cover.png',
      '-f',
      'lavfi',
      '-i',
      'color=black:size=8000x4300',
      '-frames:v',
      '1',
      '-pix_fmt',
      'rgba',
    )
    const inputs = Array.from({ length: COVERS }, () => ['-i', cover]).flat()
    const maps = Array.from({ length: COVERS }, (_, index) => ['-map', String(index + 1)]).flat()
    const dispositions = Array.from({ length: COVERS }, (_, index) => [
      `-disposition:v:${index + 1}`,
      'attached_pic',
    ]).flat()
    const args = ['-i', `${folder}/seed.mp4`, ...inputs, '-map', '0', ...maps, '-c', 'copy', ...dispositions, ...MP4]
    await promisify(execFile)('ffmpeg', ['-nostdin', '-loglevel', 'error', '-y', ...args, path])
  },
}

export const ADVISORIES: HostileFile[] = [
  ...REFUSED,
  ENCRYPTED,
  MANY_COVERS,
  remuxed(
    'audio of two billion samples a second',
    'ready',
    () => Buffer.alloc(2_000_000),
    (s, file) => [
      ...[
        ...seed(s),
        '-f',
        's16le',
        '-ar',
        '2000000000',
        '-ac',
        '1',
        '-i',
        file,
        '-map',
        '0:v',
        '-map',
        '1:a',
        '-c',
        'copy',
      ],
      ...MKV,
    ],
  ),
]
