import type { SourceFacts, TaskResult, TaskWork } from '@kinora/common/contracts'

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

/** What a worker that did all right would say. A probe finds 70 seconds, which are cut into two chunks. */
export function resultOf(work: TaskWork, outputKey: string, facts = someFacts(70)): TaskResult {
  if (work.kind === 'probe') return { kind: 'probe', facts, posterKey: `${outputKey}/poster.jpg` }
  if (work.kind === 'finalise') return { kind: 'finalise', bytes: 1 }
  if (work.kind === 'audio') return audioResult(work)
  const { chunk, segmentFrames, rungs } = work
  const count = Math.ceil(chunk.frameCount / segmentFrames)
  const segments = Array.from({ length: count }, (_, index) => ({
    bytes: 100_000,
    frames: Math.min(segmentFrames, chunk.frameCount - index * segmentFrames),
  }))
  const renditions = rungs.map(({ name }) => ({
    name,
    codecs: 'avc1.64001f',
    segments,
    initBytes: 800,
    initSha256: name.padEnd(64, '0'),
  }))
  return { kind: 'video', renditions }
}

function audioResult(work: Extract<TaskWork, { kind: 'audio' }>): TaskResult {
  const total = work.facts.durationSeconds
  const count = Math.ceil(total / work.segmentSeconds)
  const segments = Array.from({ length: count }, (_, index) => ({
    bytes: 96_000,
    seconds: Math.min(work.segmentSeconds, total - index * work.segmentSeconds),
  }))
  return { kind: 'audio', codecs: 'mp4a.40.2', channels: 2, initBytes: 700, segments }
}
