import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { open, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll } from 'vitest'

const run = promisify(execFile)

export type Clips = {
  /** Makes the clip, or gives the one that was made before; returns its path. */
  make(name: ClipName): Promise<string>
  /** A file of this content, for what is no clip. */
  write(name: string, content: string | Buffer): Promise<string>
  dir: string
}

/** At the top of a test file: small clips, made by ffmpeg when they are asked for and removed after the last test. */
export function useClips(): Clips {
  const dir = mkdtempSync(join(tmpdir(), 'kinora-clips-'))
  afterAll(() => rmSync(dir, { recursive: true, force: true }))
  const made = new Map<ClipName, Promise<string>>()
  return {
    dir,
    make(name) {
      const clip = made.get(name) ?? RECIPES[name](join(dir, name))
      made.set(name, clip)
      return clip
    },
    async write(name, content) {
      const file = join(dir, name)
      await writeFile(file, content)
      return file
    },
  }
}

const picture = (size: string, rate: string, seconds: number) =>
  `testsrc2=size=${size}:rate=${rate}:duration=${seconds}`
const tone = (seconds: number) => `sine=frequency=440:sample_rate=48000:duration=${seconds}`
const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p']
const AAC = ['-c:a', 'aac', '-b:a', '96k']

/** What each clip is stands in its arguments; the tests that use one say what must come of it. */
const RECIPES = {
  /** 480 frames with a tone: long enough to be cut into chunks. */
  'normal.mp4': ffmpeg([picture('640x360', '24', 20), tone(20)], [...H264, ...AAC]),
  /** 1440 frames of the same: work enough to be killed in the midst of. */
  'minute.mp4': ffmpeg([picture('640x360', '24', 60), tone(60)], [...H264, ...AAC]),
  /** 2400 frames of the same: several chunks after the first. */
  'long.mp4': ffmpeg([picture('640x360', '24', 100), tone(100)], [...H264, ...AAC]),
  /** Key frames every two seconds and a low rate: nothing of it needs to be encoded again for its own size. */
  'fitting.mp4': ffmpeg(
    [picture('480x360', '25', 8), tone(8)],
    [...H264, '-crf', '32', '-g', '50', '-keyint_min', '50', '-sc_threshold', '0', ...AAC],
  ),
  /** 1000 frames with a tone, whose beginning can be read without the rest. */
  'streamable.mp4': ffmpeg(
    [picture('640x360', '25', 40), tone(40)],
    [...H264, '-crf', '33', ...AAC, '-movflags', '+faststart'],
  ),
  'streamable.ts': ffmpeg([picture('640x360', '25', 40), tone(40)], [...H264, '-crf', '33', ...AAC]),
  'streamable.webm': ffmpeg(
    [picture('640x360', '25', 40), tone(40)],
    [
      '-c:v',
      'libvpx',
      '-deadline',
      'realtime',
      '-cpu-used',
      '16',
      '-threads',
      '2',
      '-b:v',
      '600k',
      '-c:a',
      'libvorbis',
    ],
  ),
  /** A second of the same: watched before it is processed. */
  'quick.mp4': ffmpeg([picture('320x180', '25', 1), tone(1)], [...H264, ...AAC, '-movflags', '+faststart']),
  'silent.mp4': ffmpeg([picture('320x240', '25', 8)], H264),
  'surround.mp4': ffmpeg(
    [picture('320x240', '25', 8), `anoisesrc=r=48000:d=8,pan=5.1|FL=c0|FR=c0|FC=c0|LFE=c0|BL=c0|BR=c0`],
    [...H264, '-c:a', 'aac', '-b:a', '256k'],
  ),
  'ntsc.mp4': ffmpeg(
    [picture('320x240', '30000/1001', 9), tone(9)],
    [...H264, ...AAC, '-frames:v', '240', '-t', '8.008'],
  ),
  /** Every fifth and seventh frame left out, so that neighbours lie one or two frame times apart. */
  'variable-rate.mp4': ffmpeg(
    [picture('320x240', '30', 8), tone(8)],
    ['-vf', 'select=mod(n\\,5)*mod(n\\,7)', '-fps_mode', 'vfr', ...H264, ...AAC],
  ),
  'ten-bit-444.mp4': ffmpeg([picture('320x240', '25', 7)], [...H264, '-pix_fmt', 'yuv444p10le']),
  'vp8.webm': ffmpeg(
    [picture('160x120', '25', 7), tone(7)],
    ['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '300k', '-c:a', 'libvorbis'],
  ),
  /** Stored as 640×360 with a quarter turn in the track's matrix, as phones do. */
  'portrait.mp4': (file: string) =>
    ffmpeg([picture('640x360', '25', 7), tone(7)], [...H264, ...AAC])(file).then(turnByAQuarter),
  'interlaced.ts': ffmpeg(
    [picture('720x576', '50', 7), tone(7)],
    ['-vf', 'tinterlace=interleave_top', '-c:v', 'mpeg2video', '-flags', '+ilme+ildct', '-b:v', '2M', '-c:a', 'mp2'],
  ),
  'one-frame.mp4': ffmpeg([picture('320x240', '25', 1)], [...H264, '-frames:v', '1']),

  /** 36 million pixels from a small file: more than a worker takes. */
  'pixel-bomb.mp4': ffmpeg(['color=c=black:size=6000x6000:rate=25:duration=0.04'], [...H264, '-frames:v', '1']),
  /** Its table of contents stood at the end, which is missing. */
  'truncated.mp4': (file: string) => ffmpeg([picture('320x240', '25', 7)], H264)(file).then(cutInHalf),
  /** Its table of contents is there, half of what it lists is not. */
  'half-missing.mp4': (file: string) =>
    ffmpeg([picture('320x240', '25', 7)], [...H264, '-movflags', '+faststart'])(file).then(cutInHalf),
} satisfies Record<string, (file: string) => Promise<string>>

export type ClipName = keyof typeof RECIPES

function ffmpeg(inputs: string[], output: string[]): (file: string) => Promise<string> {
  const sources = inputs.flatMap((input) => ['-f', 'lavfi', '-i', input])
  return async (file) => {
    await run('ffmpeg', ['-v', 'error', '-y', ...sources, ...output, file])
    return file
  }
}

async function cutInHalf(file: string): Promise<string> {
  await truncate(file, Math.floor((await stat(file)).size / 2))
  return file
}

/** Offset of the matrix in a version 0 `tkhd` box, from its type on (ISO/IEC 14496-12 section 8.3.2). */
const TKHD_MATRIX = 44
const QUARTER_TURN = [0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000]

/** Written into the file by hand, because ffmpeg's option for it is another one in each version. */
async function turnByAQuarter(file: string): Promise<string> {
  const type = (await readFile(file)).indexOf('tkhd')
  const matrix = Buffer.alloc(QUARTER_TURN.length * 4)
  for (const [index, value] of QUARTER_TURN.entries()) matrix.writeInt32BE(value, index * 4)
  const handle = await open(file, 'r+')
  try {
    await handle.write(matrix, 0, matrix.length, type + TKHD_MATRIX)
  } finally {
    await handle.close()
  }
  return file
}
