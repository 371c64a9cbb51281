import { createHash } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findBox, type InitSegment, readInitSegment, readSegment, type Segment } from '@kinora/formats/mp4'
import { hostFault } from '../domain/task-failure.ts'
import { firstSegmentOf, plannedSegment, type VideoWork, type WorkRung } from '../domain/task-work.ts'
import { takenFolder } from '../infra/workspace.ts'
import { groupFile } from './hls-output.ts'
import { hasContent } from './segment-collector.ts'
import { takeOutput } from './take-output.ts'

export interface AssembledSegment extends Segment {
  /** Hex. */
  sha256: string
}

export interface Assembler {
  /** Joins what ffmpeg has completed; whether the segment with this number, and all before it, are whole. */
  isComplete(number: number): Promise<boolean>
  /** A segment and its initialisation segment, once, in order. Throws a host fault when it is not whole. */
  next(number: number): { segment: AssembledSegment; init: Header }
}

export interface Header {
  file: Buffer
  parsed: InitSegment
}

/**
 * Joins the groups of pictures that ffmpeg writes for one rung, each a file, to the planned segments, `<number>.m4s` in the
 * folder of taken outputs. A segment is whole when it has its number of frames.
 * @param check is called with each segment and its initialisation segment, and may throw
 */
export function assembleSegments(
  work: VideoWork,
  rung: WorkRung,
  { workspace, check }: { workspace: string; check(segment: Buffer, init: Buffer): void },
): Assembler {
  const { name } = rung
  const folder = join(takenFolder(workspace), name)
  const whole = new Map<number, AssembledSegment>()
  let header: Header | undefined
  let number = firstSegmentOf(rung, work)
  let [taken, frames] = [0, 0]
  let groups: Buffer[] = []

  /** False when the next group is not complete. ffmpeg opens the initialisation segment before it, and fills it afterwards. */
  async function takeGroup(): Promise<boolean> {
    const file = groupFile(taken)
    if (!(await hasContent(join(workspace, name, file)))) return false
    if (!header && !(await hasContent(join(workspace, name, 'init.mp4')))) return false
    const path = await takeOutput(workspace, `${name}/${file}`)
    let group: Buffer = await readFile(path)
    if (!header) {
      const parts = splitFirst(await readFile(await takeOutput(workspace, `${name}/init.mp4`)), group)
      group = parts.group
      header = { file: parts.init, parsed: readHeader(parts.init) }
      await writeFile(join(folder, 'init.mp4'), parts.init)
    }
    frames += parse(group, header.parsed).samples
    // All but the first begin within a segment, where a type has no place.
    groups.push(groups.length === 0 ? group : group.subarray(findBox(group, ['styp'])?.end ?? 0))
    taken += 1
    if (frames >= plannedSegment(number, work).frames) await complete(header)
    return true
  }

  async function complete({ parsed, file }: Header): Promise<void> {
    const target = join(folder, `${number}.m4s`)
    const [first = Buffer.of(), ...others] = groups
    const content = others.length === 0 ? first : Buffer.concat(groups)
    const last = join(folder, groupFile(taken - 1))
    if (others.length === 0 && taken > 1) await rename(last, target)
    else {
      await writeFile(target, content)
      for (let index = taken - groups.length; index < taken; index += 1) await rm(join(folder, groupFile(index)))
    }
    check(content, file)
    const sha256 = createHash('sha256').update(content).digest('hex')
    whole.set(number, { ...parse(content, parsed), sha256 })
    number += 1
    frames = 0
    groups = []
  }

  return {
    async isComplete(wanted) {
      while (number <= wanted && (await takeGroup())) {}
      return number > wanted
    },
    next(wanted) {
      const segment = whole.get(wanted)
      if (!segment || !header) throw incomplete(`segment ${wanted} has ${frames} frames`)
      whole.delete(wanted)
      return { segment, init: header }
    },
  }
}

/**
 * With a fragment for each key frame, ffmpeg's HLS muxer may write the fragments before the first cut to `init.mp4`, after its
 * header. They belong to the first group, after its type.
 */
export function splitFirst(initFile: Buffer, group: Buffer): { init: Buffer; group: Buffer } {
  const moov = findBox(initFile, ['moov'])
  if (!moov || moov.end === initFile.length) return { init: initFile, group }
  const head = findBox(group, ['styp'])?.end ?? 0
  const fragments = initFile.subarray(moov.end)
  const joined = Buffer.concat([group.subarray(0, head), fragments, group.subarray(head)])
  return { init: initFile.subarray(0, moov.end), group: joined }
}

function readHeader(init: Buffer): InitSegment {
  try {
    return readInitSegment(init)
  } catch (error) {
    throw incomplete(String(error))
  }
}

function parse(content: Buffer, init: InitSegment): Segment {
  try {
    return readSegment(content, init)
  } catch (error) {
    throw incomplete(String(error))
  }
}

function incomplete(diagnosis: string): Error {
  return hostFault('VERIFICATION_FAILED', 'A segment was not written completely.', diagnosis)
}
