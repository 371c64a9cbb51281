import { readFile, writeFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { createClip } from '../support/clips.ts'
import type { HostileFile, Seeds, Verdict } from './hostile-file.ts'

export const MP4 = ['-f', 'mp4']
export const MKV = ['-f', 'matroska']
export const TS = ['-f', 'mpegts', '-muxdelay', '0']
/** Input and codec options that copy the seed. */
export const copyOfSeed = ({ folder }: Seeds) => ['-i', `${folder}/seed.mp4`, '-c', 'copy']

/** A file of these bytes. */
export function written(name: string, verdict: Verdict, bytes: (seeds: Seeds) => Buffer | string): HostileFile {
  return { name, verdict, make: (seeds, path) => writeFile(path, bytes(seeds)) }
}

/** The output of ffmpeg with these arguments; `-f` names the container, because all files have the same extension. */
export function encoded(name: string, verdict: Verdict, args: (seeds: Seeds) => string[]): HostileFile {
  return {
    name,
    verdict,
    make: async (seeds, path) => void (await createClip(dirname(path), basename(path), ...args(seeds))),
  }
}

/** Two files concatenated, as transport streams may be. */
export function joined(
  name: string,
  verdict: Verdict,
  first: (seeds: Seeds) => Buffer,
  args: (seeds: Seeds) => string[],
): HostileFile {
  return {
    name,
    verdict,
    async make(seeds, path) {
      await createClip(dirname(path), basename(path), ...args(seeds), ...TS)
      await writeFile(path, Buffer.concat([first(seeds), await readFile(path)]))
    },
  }
}

/** The output of ffmpeg for a file that is written first and is its input. */
export function remuxed(
  name: string,
  verdict: Verdict,
  bytes: (seeds: Seeds) => Buffer | string,
  args: (seeds: Seeds, written: string) => string[],
): HostileFile {
  return {
    name,
    verdict,
    async make(seeds, path) {
      await writeFile(`${path}.raw`, bytes(seeds))
      await createClip(dirname(path), basename(path), ...args(seeds, `${path}.raw`))
    },
  }
}
