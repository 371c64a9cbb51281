import { expect, it, vi } from 'vitest'
import { AAC, createClip, H264, testVideo, tone } from './support/clips.ts'
import { transcode } from './support/transcode.ts'
import { openWorkbench } from './support/workbench.ts'

vi.setConfig({ testTimeout: 60_000 })

const workbench = await openWorkbench()
const AT_30 = { num: 30, den: 1 }

async function fragmented(name: string, flags: string, ...audio: string[]) {
  const args = [...testVideo(6, { rate: '30' }), ...audio, ...H264, ...AAC, '-g', '60', '-movflags', flags]
  return await transcode(workbench, await createClip(workbench.folder, name, ...args), { short: [90] })
}

it('a fragmented MP4 keeps its rate, though its first frame is shown for the delay of the audio too long', async () => {
  const { facts, decodedVideo } = await fragmented(
    'delayed.mp4',
    'frag_keyframe+empty_moov+default_base_moof',
    ...tone(6),
  )
  expect(facts.video).toMatchObject({ frameRate: AT_30, frameCount: 180, resample: false })
  // 1024 samples at 48 kHz.
  expect(facts.video.startTime).toBeCloseTo(1024 / 48_000, 3)
  expect(decodedVideo[0]?.nb_read_frames).toBe('180')
})

it('a fragmented MP4 without audio keeps its rate', async () => {
  const { facts } = await fragmented('silent.mp4', 'frag_keyframe+empty_moov+default_base_moof')
  expect(facts.video).toMatchObject({ frameRate: AT_30, frameCount: 180, resample: false, startTime: 0 })
})

it('an MP4 whose index has only the first of its fragments is taken whole', async () => {
  const { facts } = await fragmented('some-indexed.mp4', 'frag_keyframe', ...tone(6))
  expect(facts.video).toMatchObject({ frameRate: AT_30, frameCount: 180, resample: false })
  expect(facts.durationSeconds).toBe(6)
})
