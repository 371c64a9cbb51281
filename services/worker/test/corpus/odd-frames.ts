import { H264, testVideo } from '../support/clips.ts'
import { sequenceParameters } from './h264.ts'
import type { HostileFile, Seeds } from './hostile-file.ts'
import { copyOfSeed, encoded, joined, MKV, MP4, remuxed, TS, written } from './making.ts'
import { SIZE } from './seeds.ts'

const START_CODE = Buffer.from([0, 0, 0, 1])
/** 14000² pixels, in macro blocks of 16. */
const HUGE = sequenceParameters(875, 875)
const small = (seconds = 1) => testVideo(seconds, { size: SIZE })
/** Options to copy without decoding, because decoding such frames takes very long. */
const raw = (_: Seeds, file: string) => ['-f', 'h264', '-max_pixels', '30000', '-i', file, '-c', 'copy', ...TS]
/** The seed's frames with fields of their header changed (ffmpeg's `h264_metadata`). */
const labelled = (fields: string) => (s: Seeds) => [...copyOfSeed(s), '-bsf:v', `h264_metadata=${fields}`, ...MP4]

/** Frames that are too large, change their size, are damaged, or have strange headers. */
export const ODD_FRAMES: HostileFile[] = [
  remuxed(
    'a frame of 196 million pixels in a few bytes',
    'SOURCE_OVER_LIMIT',
    ({ h264 }) => Buffer.concat([START_CODE, HUGE, withoutParameters(h264)]),
    raw,
  ),
  remuxed(
    'frames that become huge in the middle',
    'ready',
    ({ h264 }) => Buffer.concat([h264, START_CODE, HUGE, withoutParameters(h264)]),
    raw,
  ),
  joined(
    'frames that change their size and format',
    'ready',
    ({ ts }) => ts,
    () => [...testVideo(1, { size: '640x480' }), ...H264, '-pix_fmt', 'yuv444p10le'],
  ),
  encoded('a frame stretched a thousand times', 'SOURCE_OVER_LIMIT', (s) => stretched(s, '9999:1')),
  encoded('a frame squeezed to nothing', 'ready', (s) => stretched(s, '1:500')),
  encoded(
    'colours that no standard knows',
    'ready',
    labelled('colour_primaries=99:transfer_characteristics=98:matrix_coefficients=97'),
  ),
  encoded(
    'colours that say they are ICtCp',
    'ready',
    labelled('colour_primaries=9:transfer_characteristics=16:matrix_coefficients=14'),
  ),
  encoded('a frame of one pixel', 'ready', () => [
    '-f',
    'rawvideo',
    '-pixel_format',
    'rgb24',
    '-video_size',
    '1x1',
    '-t',
    '1',
    '-i',
    '/dev/zero',
    '-c:v',
    'png',
    ...MKV,
  ]),
  encoded('a frame of odd sides', 'ready', () => [
    ...testVideo(1, { size: '33x17' }),
    '-c:v',
    'mjpeg',
    '-pix_fmt',
    'yuvj444p',
    ...MKV,
  ]),
  encoded('a frame 16 wide and 8192 high', 'ready', () => [...testVideo(0.2, { size: '16x8192' }), ...H264, ...MP4]),
  encoded('a frame in 16 bits with alpha', 'ready', () => [...small(), '-c:v', 'png', '-pix_fmt', 'rgba64be', ...MKV]),
  encoded('damaged frames', 'ready', (s) => [...copyOfSeed(s), '-bsf:v', 'noise=amount=300', ...MKV]),
  encoded('frames damaged beyond recognition', 'SOURCE_UNSUPPORTED', (s) => [
    ...copyOfSeed(s),
    '-bsf:v',
    'noise=amount=1',
    ...MP4,
  ]),
  encoded('a codec that is not allowed', 'SOURCE_UNSUPPORTED', () => [...small(), '-c:v', 'vc2', ...MKV]),
  encoded('a still image', 'SOURCE_UNSUPPORTED', () => [...small(), '-frames:v', '1', '-c:v', 'png', '-f', 'image2']),
  written('a stream of zeros with a good header', 'SOURCE_UNSUPPORTED', (s) => {
    const cut = Buffer.from(s.mp4)
    return cut.fill(0, cut.indexOf('mdat') + 4)
  }),
]

function stretched({ folder }: Seeds, displayed: string): string[] {
  return ['-i', `${folder}/seed.mp4`, '-an', '-c', 'copy', '-aspect', displayed, ...MP4]
}

/** All units but sequence parameter sets, which are of type 7. */
function withoutParameters(h264: Buffer): Buffer {
  const units = h264.toString('latin1').split(START_CODE.toString('latin1')).slice(1)
  const kept = units.filter((unit) => (unit.charCodeAt(0) & 31) !== 7)
  return Buffer.concat(kept.flatMap((unit) => [START_CODE, Buffer.from(unit, 'latin1')]))
}
