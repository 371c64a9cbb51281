import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Rung } from '@kinora/common/contracts'
import { SOURCE_FILE } from '../media-tools/allowed-input.ts'
import { runFfmpeg } from '../media-tools/ffmpeg-command.ts'
import { readInitSegment } from '../media-tools/init-segment.ts'
import { readLocalSegment } from '../media-tools/local-segment.ts'
import { asTaskFailure, sourceCorrupt } from '../media-tools/tool-failure.ts'
import { type VideoWork, videoCommand } from '../media-tools/video-command.ts'
import { hostFault } from '../task-failure.ts'
import type { Job, JobContext, ResultOf } from './job.ts'

type Rendition = ResultOf<'video'>['renditions'][number]

/** Encodes one time range for the given rungs; what was written is measured before it counts. */
export const video: Job<'video'> = async (work, job) => {
  const { store, tools, workspace, signal } = job
  await store.materialise(work.sourceKey, join(workspace, SOURCE_FILE))
  for (const rung of work.rungs) await mkdir(join(workspace, rung.name))

  const { frameCount } = work.chunk
  let encoded = 0
  const onFrame = (frame: number) => {
    encoded = frame
    job.progress(Math.min(0.99, frame / frameCount))
  }
  const end = await runFfmpeg(tools, videoCommand(tools, work), { cwd: workspace, signal, onFrame })
  // Without a single picture the filters have nothing to repeat: this range of the source is unreadable.
  if (end.exitCode === 0 && encoded === 0) throw sourceCorrupt(end.stderr)
  if (end.exitCode !== 0) throw asTaskFailure(end)

  const renditions = await Promise.all(work.rungs.map((rung) => measure(work, rung, workspace)))
  for (const rendition of renditions) await keep(rendition, work, job)
  return { kind: 'video', renditions }
}

/** Reads back one rung. Throws a host fault unless every segment is where, and as long as, the plan says. */
async function measure(work: VideoWork, rung: Rung, workspace: string): Promise<Rendition> {
  const init = await readFile(join(workspace, rung.name, 'init.mp4'))
  const { codecs, timescale, defaults } = readInitSegment(init)
  const { startFrame, firstSegment } = work.chunk
  const { num, den } = work.facts.video.frameRate
  const segments: Rendition['segments'] = []
  for (const [index, frames] of plannedFrames(work).entries()) {
    const path = join(workspace, rung.name, `${firstSegment + index}.m4s`)
    const segment = await readLocalSegment(path, defaults)
    const start = Math.round(((startFrame + index * work.segmentFrames) * den * timescale) / num)
    if (segment.samples !== frames || segment.decodeTime !== start || !segment.startsWithSync) {
      const found = `${segment.samples} frames at ${segment.decodeTime}, planned ${frames} at ${start}`
      throw hostFault('VERIFICATION_FAILED', 'A segment does not hold the frames that it should.', found)
    }
    segments.push({ bytes: segment.bytes, frames })
  }
  const initSha256 = createHash('sha256').update(init).digest('hex')
  return { name: rung.name, codecs, segments, initBytes: init.length, initSha256 }
}

/** Frames of each segment of the chunk. */
function plannedFrames({ chunk: { frameCount }, segmentFrames }: VideoWork): number[] {
  const segments = Math.ceil(frameCount / segmentFrames)
  return Array.from({ length: segments }, (_, index) => Math.min(segmentFrames, frameCount - index * segmentFrames))
}

async function keep({ name, segments }: Rendition, { chunk }: VideoWork, job: JobContext): Promise<void> {
  const files = ['init.mp4', ...segments.map((_, index) => `${chunk.firstSegment + index}.m4s`)]
  for (const file of files) {
    job.signal.throwIfAborted()
    await job.store.adopt(join(job.workspace, name, file), `${job.outputKey}/${name}/${file}`)
  }
}
