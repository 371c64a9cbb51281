import { type ClaimedTask, media, type TaskCause, type TaskKind } from '@kinora/common/contracts'
import { keys } from '@kinora/common/storage'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { expect, test } from 'vitest'
import { remainingWork } from '../src/domain/segments.ts'
import { connectGateway, someUser } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'
import { videoWhen } from './support/process.ts'
import { partOf, resultOf, segmentWork } from './support/results.ts'
import { connectWorker, folderOf } from './support/worker.ts'

const world = await useTestEnvironment()
const { ctx } = await startTestMedia(world)
await startTestMedia(world)
const gateway = await connectGateway(world)
const worker = await connectWorker(world, ctx)
const owner = someUser()

const INPUT: TaskCause = { class: 'input', code: 'SOURCE_CORRUPT', detail: 'The file is broken.' }

/** Addresses of the segments that a playlist lists. */
async function listed(videoId: string, name: string): Promise<string[]> {
  const text = (await ctx.store.get(keys.playlist(videoId, name)).catch(() => '')).toString()
  return text.split('\n').filter((line) => line.endsWith('.m4s'))
}

async function untilListed(videoId: string, name: string, count: number): Promise<string[]> {
  return await until(async () => {
    const uris = await listed(videoId, name)
    return uris.length >= count && uris
  })
}

/** A worker tells of the segments before the number `to` that this attempt has not told of yet. */
async function tell(task: ClaimedTask, to: number): Promise<void> {
  await worker.progress(task, 0.1, partOf(segmentWork(task), to))
}

async function written({ taskId }: ClaimedTask): Promise<number> {
  return (await ctx.db.selectFrom('tasks').select('written').where('id', '=', taskId).executeTakeFirstOrThrow()).written
}

/** A video that is probed, with its head and its sound claimed. */
async function begun() {
  const { id } = await gateway.upload(owner)
  await worker.finish(await worker.take(id, 'probe'))
  return { id, head: await worker.take(id, 'video'), sound: await worker.take(id, 'audio') }
}

/** The two chunks of a video of which something can be played. */
async function takeChunks(id: string): Promise<[ClaimedTask, ClaimedTask]> {
  const chunks = [await worker.take(id, 'video'), await worker.take(id, 'video')] as const
  // Two processes relay, so their messages may come in any order.
  const [first, second] = chunks.toSorted((a, b) => endOf(a) - endOf(b))
  return [first, second] as [ClaimedTask, ClaimedTask]
}

async function isQueued(id: string, kind: TaskKind): Promise<boolean> {
  const queued = ctx.db.selectFrom('tasks').select('id').where('video_id', '=', id).where('kind', '=', kind)
  return (await queued.where('state', '=', 'queued').execute()).length > 0
}

function endOf({ work }: ClaimedTask): number {
  if (work.kind !== 'video') throw new Error('no picture')
  return work.chunk.startFrame + work.chunk.frameCount
}

async function finishRest(id: string, tasks: ClaimedTask[]): Promise<void> {
  for (const task of [...tasks, await worker.take(id, 'poster')]) await worker.finish(task)
  await worker.finish(await worker.take(id, 'finalise'))
  await videoWhen(gateway, owner, id, ({ status }) => status === 'ready')
}

test('a video is playable with the first segment of its sound and its smallest picture, while both are being made', async () => {
  const { id, head, sound } = await begun()
  await tell(head, 1)
  await until(async () => (await written(head)) === 1)
  expect((await gateway.getVideo(id, owner)).playable).toBe(false)
  expect(await isQueued(id, 'video')).toBe(false)
  await tell(sound, 3)
  await videoWhen(gateway, owner, id, ({ playable }) => playable)
  await until(() => gateway.heardOf('video.changed', id).some(({ data }) => (data as { playable: boolean }).playable))
  expect(await listed(id, '240p.m3u8')).toEqual([`${head.taskId}-1/240p/0.m4s`])
  // No further than the picture.
  expect(await listed(id, 'audio.m3u8')).toEqual([`${sound.taskId}-1/0.m4s`])
  expect((await ctx.store.get(keys.playlist(id, '240p.m3u8'))).toString()).not.toContain('ENDLIST')

  await worker.finish(head)
  const [first, second] = await takeChunks(id)
  await tell(first, 5)
  expect(await untilListed(id, '240p.m3u8', 5)).toEqual([
    ...[0, 1, 2, 3].map((number) => `${head.taskId}-1/240p/${number}.m4s`),
    `${first.taskId}-1/240p/4.m4s`,
  ])
  expect(await untilListed(id, '720p.m3u8', 5)).toHaveLength(5)
  await finishRest(id, [sound, first, second])
  const whole = (await ctx.store.get(keys.playlist(id, 'audio.m3u8'))).toString()
  expect(whole).toContain('#EXT-X-PLAYLIST-TYPE:VOD')
  expect(whole).toContain('#EXT-X-ENDLIST')
  expect(await listed(id, '240p.m3u8')).toHaveLength(17)
})

test('what a dead attempt has published stays, and the next one goes on behind it', async () => {
  const { id, head, sound } = await begun()
  await worker.finish(head)
  await tell(sound, 4)
  const [first, second] = await takeChunks(id)
  await ctx.store.put(`${folderOf(first)}/240p/4.m4s`, 'bytes')
  await tell(first, 5)
  const before = await untilListed(id, '240p.m3u8', 5)

  const again = await worker.claim({ taskId: first.taskId, attempt: 1 }, true)
  expect(again.work).toMatchObject({ chunk: { startFrame: 540, frameCount: 720, firstSegment: 5 } })
  const soundAgain = await worker.claim({ taskId: sound.taskId, attempt: 1 }, true)
  expect(soundAgain.work).toMatchObject({ kind: 'audio', firstSegment: 4 })

  // The first is alive after all: it may neither publish nor finish, and its listed files stay.
  await worker.progress(first, 0.9, partOf(segmentWork(again), 8))
  await worker.finish(first)
  await tell(again, 7)
  await until(async () => (await written(first)) === 7)
  await finishRest(id, [again, soundAgain, second])
  const after = await listed(id, '240p.m3u8')
  expect(after.slice(0, 5)).toEqual(before)
  expect(after[5]).toBe(`${first.taskId}-2/240p/5.m4s`)
  expect((await listed(id, 'audio.m3u8')).map((uri) => uri.split('/')[0])).toEqual([
    ...Array(4).fill(`${sound.taskId}-1`),
    ...Array(11).fill(`${sound.taskId}-2`),
  ])
  expect(await ctx.store.stat(`${folderOf(first)}/240p/4.m4s`)).not.toBeNull()
})

test('a task goes on however many workers die on the way, as long as each of them takes it further', async () => {
  const { id, head, sound } = await begun()
  await worker.finish(head)
  await tell(sound, 1)
  const [first] = await takeChunks(id)
  await ctx.db.updateTable('tasks').set({ host_failures: 4 }).where('id', '=', first.taskId).execute()
  await tell(first, 1)
  await until(async () => (await written(first)) === 1)
  const again = await worker.claim({ taskId: first.taskId, attempt: 1 }, true)
  expect(again).toMatchObject({ attempt: 2, work: { chunk: { firstSegment: 1 } } })
  const row = await ctx.db.selectFrom('tasks').select('host_failures').where('id', '=', first.taskId).executeTakeFirst()
  expect(row).toEqual({ host_failures: 1 })
})

test('segments told twice count once; those that overtake others, and a last one, come with the result', async () => {
  const { id, head, sound } = await begun()
  await worker.finish(head)
  await tell(sound, 1)
  const [first, second] = await takeChunks(id)
  await tell(first, 2)
  await tell(first, 2)
  await until(async () => (await written(first)) === 2)
  const after = (segments: number) => segmentWork({ work: remainingWork(first.work, segments) })
  await worker.progress(first, 0.5, partOf(after(4), 5))
  await worker.progress(first, 0.5, partOf(after(2)))
  await worker.progress(first, 0.6)
  await until(async () => {
    const row = await ctx.db.selectFrom('tasks').select('fraction').where('id', '=', first.taskId).executeTakeFirst()
    return (row?.fraction ?? 0) > 0.59
  })
  expect(await written(first)).toBe(2)
  await finishRest(id, [first, sound, second])
  expect(await listed(id, '720p.m3u8')).toHaveLength(17)
})

test('a video that fails is not playable; after a retry it goes on where it was', async () => {
  const { id, head, sound } = await begun()
  await worker.finish(head)
  await tell(sound, 4)
  const [first, second] = await takeChunks(id)
  await tell(first, 4)
  const before = await untilListed(id, '240p.m3u8', 4)
  await worker.fail(second, INPUT)
  const failed = await videoWhen(gateway, owner, id, ({ status }) => status === 'failed')
  expect(failed).toMatchObject({ playable: false, playback: null })

  const revived = await gateway.call(media.retryVideo, { videoId: id }, owner)
  expect(revived).toMatchObject({ status: 'processing', playable: true })
  const done: string[] = []
  while (done.at(-1) !== 'finalise') {
    const task = await worker.take(id)
    await worker.finish(task, resultOf(task.work, task.outputKey))
    done.push(task.work.kind)
  }
  await videoWhen(gateway, owner, id, ({ status }) => status === 'ready')
  expect((await listed(id, '240p.m3u8')).slice(0, 4)).toEqual(before)
})
