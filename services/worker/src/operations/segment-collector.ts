import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { MediaPart } from '@kinora/common/contracts'
import { joinParts } from '../join-parts.ts'
import type { JobContext } from './job.ts'

export interface SegmentFolder {
  /** Inside the workspace and under the output key; empty for the workspace itself. */
  name: string
  /** Number of the first segment that ffmpeg writes there. */
  firstSegment: number
}

export interface SegmentPlan<P> {
  folders: SegmentFolder[]
  /** Segments from this number on come with the end of the job. */
  openEnd: number
  /** Checks, in all folders, the segments with these numbers, the last one excluded, and says what they are. */
  measure(from: number, to: number): Promise<P>
}

export interface SegmentHarvest<P> {
  /** Hands in what ffmpeg has finished since. */
  gather(): Promise<void>
  /** When ffmpeg has ended: takes what is left, up to the number `to` if it is known, and gives all that this job wrote. */
  finish(to?: number): Promise<P>
}

/**
 * Takes segments out of the workspace while ffmpeg writes the next ones. A segment counts when all folders have it, so
 * that what is published ends at the same place everywhere. ffmpeg gives a file its name when it is complete
 * (`-hls_flags temp_file`).
 */
export function harvestSegments<P extends MediaPart>(plan: SegmentPlan<P>, job: JobContext): SegmentHarvest<P> {
  const { folders, openEnd, measure } = plan
  let next = Math.min(...folders.map(({ firstSegment }) => firstSegment))
  let whole: P | undefined

  async function take(to: number): Promise<P> {
    const part = await measure(next, to)
    for (const folder of folders) await keep(folder, next, to, job)
    next = to
    whole = joinParts(whole, part)
    return part
  }

  async function completeBefore(end: number): Promise<number> {
    let to = next
    while (to < end && (await isComplete(to))) to += 1
    return to
  }

  /** The initialisation is opened before the first segment and filled after it. */
  async function isComplete(number: number): Promise<boolean> {
    for (const { name, firstSegment } of folders.filter((folder) => folder.firstSegment <= number)) {
      if (!(await hasContent(join(job.workspace, name, `${number}.m4s`)))) return false
      if (number === firstSegment && !(await hasContent(join(job.workspace, name, 'init.mp4')))) return false
    }
    return true
  }

  return {
    async gather() {
      const to = await completeBefore(openEnd)
      if (to > next) job.written(await take(to))
    },
    async finish(to) {
      await take(to ?? (await completeBefore(Number.POSITIVE_INFINITY)))
      return whole as P
    },
  }
}

async function hasContent(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null)
  return found !== null && found.size > 0
}

async function keep({ name, firstSegment }: SegmentFolder, from: number, to: number, job: JobContext): Promise<void> {
  const { store, workspace, outputKey, signal } = job
  const start = Math.max(from, firstSegment)
  for (let number = start; number < to; number += 1) {
    signal.throwIfAborted()
    if (number === firstSegment) await store.put(key('init.mp4'), await readFile(join(workspace, name, 'init.mp4')))
    await store.adopt(join(workspace, name, `${number}.m4s`), key(`${number}.m4s`))
  }

  function key(file: string): string {
    return [outputKey, name, file].filter((word) => word !== '').join('/')
  }
}
