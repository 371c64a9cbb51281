import { readFile } from 'node:fs/promises'
import type { MediaPart } from '@kinora/common/contracts'
import { expect, it, vi } from 'vitest'
import type { WorkOf } from '../src/domain/task-work.ts'
import { joinParts } from '../src/domain/task-work.ts'
import { AAC, createClip, H264, testVideo, tone } from './support/clips.ts'
import { audioWork, checkWhole, planFor, videoWork } from './support/transcode.ts'
import { openWorkbench } from './support/workbench.ts'

// Real encodes, on a machine that may be busy with other test files.
vi.setConfig({ testTimeout: 120_000 })

/** Long enough that a fast machine is still encoding when the first segments are collected. */
const SECONDS = 40

const workbench = await openWorkbench()
const sources = ['-g', '25', ...H264, ...AAC]
const source = await createClip(workbench.folder, 'plain.mp4', ...testVideo(SECONDS), ...tone(SECONDS), ...sources)
const plan = await planFor(workbench, source, [90, 144])

/** Runs a task until it has reported its first segments, then kills it; returns these segments. */
async function killed(work: WorkOf<'audio' | 'video'>, outputKey: string): Promise<MediaPart> {
  const stop = new AbortController()
  let written: MediaPart | undefined
  const onWritten = (part: MediaPart) => {
    written = joinParts(written, part)
    stop.abort(new Error('killed'))
  }
  await expect(workbench.run(work, { outputKey, signal: stop.signal, written: onWritten })).rejects.toThrow('killed')
  if (!written) throw new Error('nothing was reported')
  return written
}

it('reports segments while it goes on, each in storage and in all rungs, the last one with the result', async () => {
  const outputKey = `${plan.folder}/alive`
  const parts: MediaPart[] = []
  const stored: (object | null)[] = []
  const written = (part: MediaPart) => {
    parts.push(part)
    if (part.kind !== 'video') return
    for (const { name, firstSegment, segments } of part.renditions)
      for (const index of segments.keys())
        stored.push(workbench.store.stat(`${outputKey}/${name}/${firstSegment + index}.m4s`))
  }
  const result = await workbench.run(videoWork(plan, 0, plan.segments), { outputKey, written })
  expect(await Promise.all(stored)).not.toContain(null)
  const told = parts.reduce<MediaPart | undefined>(joinParts, undefined)
  if (told?.kind !== 'video') throw new Error('no video was reported')
  for (const [index, { segments }] of told.renditions.entries()) {
    expect(segments.length).toBeLessThan(plan.segments)
    expect(segments).toEqual(result.renditions[index]?.segments.slice(0, segments.length))
  }
})

it('a head, a chunk that leaves it out, a chunk that was killed and its next attempt make one right video', async () => {
  const [smallest] = plan.rungs
  if (!smallest) throw new Error('no rung')
  const run = async (folder: string, work: WorkOf<'audio' | 'video'>) => ({
    folder,
    part: await workbench.run(work, { outputKey: `${plan.folder}/${folder}` }),
  })
  const head = await run('head', videoWork(plan, 0, 1, [smallest]))
  const first = videoWork(plan, 0, plan.segments, plan.rungs, 1)
  const dead = { folder: 'dead', part: await killed(first, `${plan.folder}/dead`) }
  const handedIn = dead.part.kind === 'video' ? (dead.part.renditions.at(-1)?.segments.length ?? 0) : 0
  expect(handedIn).toBeGreaterThan(0)
  const next = await run('next', videoWork(plan, handedIn, plan.segments, plan.rungs, 1))

  const deadAudio = { folder: 'dead-audio', part: await killed(audioWork(plan), `${plan.folder}/dead-audio`) }
  const audioIn = deadAudio.part.kind === 'audio' ? deadAudio.part.segments.length : 0
  const nextAudio = await run('next-audio', audioWork(plan, audioIn))
  expect(nextAudio.part).toMatchObject({ kind: 'audio', firstSegment: audioIn })

  // Finalise throws when the parts do not fit together.
  const { decodedVideo, decodedAudio } = await checkWhole(workbench, plan, [head, dead, next, deadAudio, nextAudio])
  expect(decodedVideo.map(({ nb_read_frames }) => Number(nb_read_frames))).toEqual([SECONDS * 25, SECONDS * 25])
  expect(decodedAudio?.codec_name).toBe('aac')
})

it('encodes audio again to the same bytes, so that two attempts join without a seam', async () => {
  const keys = ['one', 'two'].map((name) => `${plan.folder}/audio-${name}`)
  for (const outputKey of keys) await workbench.run(audioWork(plan), { outputKey })
  const bytesOf = (file: string) => Promise.all(keys.map((key) => readFile(workbench.pathOf(`${key}/${file}`))))
  for (const file of ['init.mp4', '0.m4s', '5.m4s']) {
    const [one, two] = await bytesOf(file)
    expect(one?.equals(two ?? Buffer.of())).toBe(true)
  }
})

it('has nothing left to report when all audio was published before', async () => {
  const whole = await workbench.run(audioWork(plan), { outputKey: `${plan.folder}/all` })
  const rest = await workbench.run(audioWork(plan, whole.segments.length), { outputKey: `${plan.folder}/none` })
  expect(rest).toMatchObject({ firstSegment: whole.segments.length, segments: [] })
})
