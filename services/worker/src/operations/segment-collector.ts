import { lstat, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { MediaPart } from '@kinora/common/contracts'
import type { Store } from '@kinora/common/storage'
import { joinParts } from '../domain/task-work.ts'
import { takenFolder } from '../infra/workspace.ts'

export interface SegmentFolder {
  /** Inside the workspace and under the output key; empty for the workspace itself. */
  name: string
  /** Number of the first segment that ffmpeg writes there. */
  firstSegment: number
}

export interface SegmentPlan<P> {
  folders: SegmentFolder[]
  /** Segments from this number on are collected at the end only. */
  openEnd: number
  /** There are no segments from this number on, if it is known: a file with it belongs to the last one. */
  end?: number
  /** Whether ffmpeg has completed this segment in all folders; without it, a file in each of them says so. */
  isComplete?(number: number): Promise<boolean>
  /** Takes the segments `from` to `to` (excluded) in all folders out of the reach of ffmpeg, checks and describes them. */
  measure(from: number, to: number): Promise<P>
}

/** Where segments come from and go to. */
export interface SegmentTarget {
  store: Store
  workspace: string
  /** Storage folder. */
  outputKey: string
  signal: AbortSignal
  /** Called with segments that are checked and in storage. */
  written(part: MediaPart): void
}

export interface SegmentCollector<P> {
  /** Moves segments that ffmpeg has completed to storage, and reports them. */
  collect(): Promise<void>
  /** After ffmpeg has ended: moves the remaining segments, up to `to` if it is known, and returns all of the task. */
  finish(to?: number): Promise<P>
}

/**
 * Moves segments from the workspace to storage while ffmpeg writes the next ones. A segment counts when all folders have it,
 * so that all published renditions end at the same time. ffmpeg gives a file its name when it is complete
 * (`-hls_flags temp_file`).
 */
export function collectSegments<P extends MediaPart>(plan: SegmentPlan<P>, task: SegmentTarget): SegmentCollector<P> {
  const { folders, openEnd, end = Number.POSITIVE_INFINITY, measure, isComplete = isWritten } = plan
  let next = Math.min(...folders.map(({ firstSegment }) => firstSegment))
  let whole: P | undefined

  async function move(to: number): Promise<P> {
    const part = await measure(next, to)
    for (const folder of folders) await storeSegments(folder, next, to, task)
    next = to
    whole = joinParts(whole, part)
    return part
  }

  async function completeBefore(end: number): Promise<number> {
    let to = next
    while (to < end && (await isComplete(to))) to += 1
    return to
  }

  /** ffmpeg opens the initialisation segment before the first segment, and fills it afterwards. */
  async function isWritten(number: number): Promise<boolean> {
    for (const { name, firstSegment } of folders.filter((folder) => folder.firstSegment <= number)) {
      if (!(await hasContent(join(task.workspace, name, `${number}.m4s`)))) return false
      if (number === firstSegment && !(await hasContent(join(task.workspace, name, 'init.mp4')))) return false
    }
    return true
  }

  return {
    async collect() {
      const to = await completeBefore(openEnd)
      if (to > next) task.written(await move(to))
    },
    async finish(to) {
      await move(to ?? (await completeBefore(end)))
      return whole as P
    },
  }
}

export async function hasContent(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => null)
  return found !== null && found.size > 0
}

async function storeSegments(
  { name, firstSegment }: SegmentFolder,
  from: number,
  to: number,
  task: SegmentTarget,
): Promise<void> {
  const { store, outputKey, signal } = task
  const taken = takenFolder(task.workspace)
  const start = Math.max(from, firstSegment)
  for (let number = start; number < to; number += 1) {
    signal.throwIfAborted()
    if (number === firstSegment) await store.put(key('init.mp4'), await readFile(join(taken, name, 'init.mp4')))
    await store.adopt(join(taken, name, `${number}.m4s`), key(`${number}.m4s`))
  }

  function key(file: string): string {
    return [outputKey, name, file].filter((word) => word !== '').join('/')
  }
}
