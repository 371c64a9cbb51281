import {
  type ClaimedTask,
  cutRangeOf,
  framesOfSegment,
  keyFramesOfSegment,
  type MediaPart,
  regularCuts,
  type SourceFacts,
  segmentCount,
  type TaskResult,
  type TaskWork,
} from '@kinora/common/contracts'

type AudioWork = Extract<TaskWork, { kind: 'audio' }>
type VideoWork = Extract<TaskWork, { kind: 'video' }>

/** 30 frames a second, 1280×720 with stereo sound, unless said otherwise. */
export function someFacts(seconds: number, video: Partial<SourceFacts['video']> = {}, withAudio = true): SourceFacts {
  return {
    container: 'mp4',
    durationSeconds: seconds,
    video: {
      streamIndex: 0,
      codec: 'h264',
      pixelFormat: 'yuv420p',
      width: 1280,
      height: 720,
      frameRate: { num: 30, den: 1 },
      resample: false,
      frameCount: Math.round(seconds * 30),
      interlaced: false,
      hdr: false,
      startTime: 0,
      ...video,
    },
    audio: withAudio ? { streamIndex: 1, codec: 'aac', channels: 2, sampleRate: 48_000, startTime: 0 } : null,
  }
}

/** What a worker that did all right would say. A probe finds 90 seconds, which are cut into two chunks. */
export function resultOf(work: TaskWork, outputKey: string, facts = someFacts(90)): TaskResult {
  if (work.kind === 'probe') return probeResult(facts)
  if (work.kind === 'poster') return { kind: 'poster', posterKey: `${outputKey}/poster.jpg` }
  if (work.kind === 'storyboard') return { kind: 'storyboard' }
  if (work.kind === 'subtitles') return { kind: 'subtitles', found: [] }
  if (work.kind === 'transcribe') {
    return { kind: 'transcribe', to: work.from + work.seconds, ended: true, cues: 0, language: null }
  }
  if (work.kind === 'finalise') return { kind: 'finalise', bytes: 1 }
  if (work.kind === 'download') return { kind: 'download', bytes: 1 }
  if (work.kind === 'still') return { kind: 'still', bytes: 1000 }
  return partOf(work)
}

function probeResult(facts: SourceFacts): TaskResult {
  const { copyable, copyableHevc, frameCount, frameRate } = facts.video
  return { kind: 'probe', facts, ...((copyable ?? copyableHevc) && { cuts: regularCuts(frameCount, frameRate) }) }
}

export function segmentWork({ work }: Pick<ClaimedTask, 'work'>): AudioWork | VideoWork {
  if (work.kind !== 'audio' && work.kind !== 'video') throw new Error('it writes no segments')
  return work
}

/** The segments of this work up to the number `to`, or all. */
export function partOf(work: AudioWork | VideoWork, to = Number.POSITIVE_INFINITY): MediaPart {
  return work.kind === 'audio' ? audioPart(work, to) : videoPart(work, to)
}

function videoPart(work: VideoWork, to: number): MediaPart {
  const { chunk, gopFrames, rungs } = work
  const range = cutRangeOf(work)
  const end = Math.min(to, chunk.firstSegment + segmentCount(range))
  const renditions = rungs.map((rung) => {
    const firstSegment = Math.max(rung.firstSegment, chunk.firstSegment)
    const segments = Array.from({ length: Math.max(0, end - firstSegment) }, (_, index) => {
      const frames = framesOfSegment(firstSegment - chunk.firstSegment + index, range)
      const keyFrames = keyFramesOfSegment(frames, gopFrames).map((frame, group): [number, number, number] => [
        76 + group * 30_000,
        9000,
        frame,
      ])
      return { bytes: 100_000, frames, keyFrames }
    })
    const { name } = rung
    const codecs = name.endsWith('hevc') ? 'hvc1.2.4.L93.90' : 'avc1.64001f'
    return { name, codecs, firstSegment, segments, initBytes: 800, initSha256: name.padEnd(64, '0') }
  })
  return { kind: 'video', renditions: renditions.filter(({ segments }) => segments.length > 0) }
}

function audioPart({ facts, segmentSeconds, firstSegment, track, channels: asked }: AudioWork, to: number): MediaPart {
  const total = facts.durationSeconds
  const channels = asked ?? 2
  const end = Math.min(to, Math.ceil(total / segmentSeconds))
  const segments = Array.from({ length: end - firstSegment }, (_, index) => ({
    bytes: 96_000,
    seconds: Math.min(segmentSeconds, total - (firstSegment + index) * segmentSeconds),
  }))
  const part = { kind: 'audio' as const, codecs: 'mp4a.40.2', channels, initBytes: 700, firstSegment, segments }
  return track === undefined ? part : { ...part, track }
}
