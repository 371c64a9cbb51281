import type { Actor } from '@kinora/common/contract'
import { causeOf, media, type TaskCause, type Video } from '@kinora/common/contracts'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { sql } from 'kysely'
import { describe, expect, it, test } from 'vitest'
import { deleteOldRows } from '../src/background/cleanup.ts'
import { etaInputs } from '../src/repositories/eta-inputs.ts'
import { connectGateway, someUser } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'
import { doAllWork, videoWhen } from './support/process.ts'
import { resultOf, someFacts } from './support/results.ts'
import { connectWorker } from './support/worker.ts'

const world = await useTestEnvironment()
// Nobody plays the heart of a worker here.
const { ctx } = await startTestMedia(world, { LEASE_MS: 600_000 })
const gateway = await connectGateway(world)
const worker = await connectWorker(world, ctx)
const owner = someUser()

const timelineOf = (videoId: string) => gateway.call(media.getTimeline, { videoId }, owner)
const waitingIn = async (videoId: string) => {
  const { waiting } = await timelineOf(videoId)
  return waiting.map(({ kind, reason }) => `${kind}: ${reason}`)
}

test('the timeline tells what waits, and for what', async () => {
  const { id } = await gateway.upload(owner)
  expect(await waitingIn(id)).toEqual(['probe: worker'])
  await worker.finish(await worker.take(id, 'probe'))
  const audio = await worker.take(id, 'audio')
  expect(await waitingIn(id)).toEqual([
    'video: worker',
    ...['poster: start', 'video: start', 'video: start'],
    ...['finalise: tasks', 'storyboard: tasks'],
  ])
  await worker.fail(audio, causeOf('TRANSCODE_FAILED'))
  // After the pause, so that nobody ends it meanwhile: as if it were a long one.
  await until(async () => {
    const { numUpdatedRows } = await ctx.db
      .updateTable('tasks')
      .set({ state: 'waiting', not_before: sql<Date>`now() + interval '1 hour'` })
      .where('id', '=', audio.taskId)
      .where('attempt', '=', 2)
      .where('state', '=', 'queued')
      .executeTakeFirst()
    return numUpdatedRows === 1n
  })
  const pausing = (await timelineOf(id)).waiting.find(({ reason }) => reason === 'pause')
  expect(pausing).toMatchObject({ taskId: audio.taskId, kind: 'audio', until: expect.stringMatching(/Z$/) })
  await worker.fail(await worker.take(id, 'video'), causeOf('SOURCE_CORRUPT'))
  await until(async () => (await gateway.getVideo(id, owner)).status === 'failed')
  expect(await waitingIn(id)).toContain('finalise: retry')
})

test('how long it takes is told once something was measured, goes by that, and ends at 0', async () => {
  const { id } = await gateway.upload(owner)
  expect((await gateway.getVideo(id, owner)).progress.etaSeconds).toBeNull()
  await worker.finish(await worker.take(id, 'probe'))
  const first = await worker.take(id, 'video')
  // As if it had taken an hour so far.
  await sql`update task_attempts set started_at = now() - interval '1 hour' where task_id = ${first.taskId}`.execute(
    ctx.db,
  )
  const { progress } = await until(async () => {
    await worker.progress(first, 0.5)
    const video = await gateway.getVideo(id, owner)
    return video.progress.etaSeconds !== null && video
  })
  expect(progress.etaSeconds).toBeGreaterThan(3600)
  const told = gateway.heardOf('video.changed', id).map(({ data }) => (data as Video).progress.etaSeconds)
  expect(told.some((seconds) => seconds !== null && seconds > 3600)).toBe(true)
  await worker.finish(first)
  await doAllWork(worker, id)
  const video = await until(async () => {
    const now = await gateway.getVideo(id, owner)
    return now.status === 'ready' && now
  })
  expect(video.progress).toEqual({ percent: 100, stage: 'done', etaSeconds: 0 })
})

test('a task that has only begun says nothing about the speed', async () => {
  const { id } = await gateway.upload(owner)
  await worker.finish(await worker.take(id, 'probe'))
  const { taskId } = await worker.take(id, 'video')
  const ownAt = async (fraction: number) => {
    await ctx.db.updateTable('tasks').set({ fraction }).where('id', '=', taskId).execute()
    return (await ctx.db.transaction().execute((tx) => etaInputs(tx, id))).own
  }
  expect(await ownAt(0.01)).toEqual({ weight: 0, seconds: 0 })
  expect((await ownAt(0.2)).weight).toBeGreaterThan(0)
})

test("other videos' work is backlog of what waits, not of the last things that run", async () => {
  const others = await Promise.all([gateway.upload(someUser()), gateway.upload(someUser())])
  const { id } = await gateway.upload(owner)
  await worker.finish(await worker.take(id, 'probe'))
  await worker.finish(await worker.take(id, 'audio'))
  await worker.finish(await worker.take(id, 'video'))
  const last = [await worker.take(id, 'video'), await worker.take(id, 'video')]
  for (const other of others) {
    await worker.finish(await worker.take(other.id, 'probe'))
    await worker.take(other.id, 'video')
  }
  // As if everything took hours.
  await sql`update tasks set weight = 1e15 where video_id in (${sql.join(others.map((other) => other.id))})`.execute(
    ctx.db,
  )
  const outlook = await ctx.db.transaction().execute((tx) => etaInputs(tx, id))
  expect(outlook).toMatchObject({ remaining: [expect.any(Number), expect.any(Number)], backlog: 0 })
  for (const task of last) await worker.finish(task)
  await until(async () => (await gateway.getVideo(id, owner)).progress.stage === 'finalising')
  expect((await gateway.getVideo(id, owner)).progress.etaSeconds).toBe(0)
})

test('a cause that is not in the table, of a newer worker, is told in words of the table', async () => {
  const { id } = await gateway.upload(owner)
  const cause: TaskCause = { class: 'input', code: 'TOO_BEAUTIFUL', detail: '/srv/worker: segfault' }
  await worker.fail(await worker.take(id, 'probe'), cause)
  const failed = await until(async () => (await gateway.getVideo(id, owner)).error)
  const { code, detail } = causeOf('TRANSCODE_FAILED')
  expect(failed).toEqual({ code, detail })
})

describe('a retry of one rendition', () => {
  const retry = (videoId: string, rendition: string) => gateway.call(media.retryVideo, { videoId, rendition }, owner)
  const FAILED = causeOf('SOURCE_CORRUPT')
  const ONE_CHUNK = someFacts(30, { width: 640, height: 360 }, false)
  const stateOf = async (videoId: string, of: string) =>
    (await timelineOf(videoId)).items.find(({ kind }) => kind === of)?.state

  it('does the work again that was to make it, and all that was given up because of it', async () => {
    const { id } = await gateway.upload(owner)
    await worker.finish(await worker.take(id, 'probe'))
    const head = await worker.take(id, 'video', 'short')
    await worker.finish(head)
    await worker.finish(await worker.take(id, 'audio'))
    await worker.fail(await worker.take(id, 'poster'), FAILED)
    await until(async () => (await stateOf(id, 'poster')) === 'failed')
    await worker.fail(await worker.take(id, 'video', 'long'), FAILED)
    await until(async () => (await gateway.getVideo(id, owner)).status === 'failed')
    await expect(retry(id, '4320p')).rejects.toMatchObject({ code: 'RENDITION_NOT_FOUND' })
    expect((await retry(id, '720p')).status).toBe('processing')
    await expect(retry(id, '720p')).rejects.toMatchObject({ code: 'NOTHING_TO_RETRY' })

    const again = await doAllWork(worker, id)
    expect(again.map(({ taskId }) => taskId)).not.toContain(head.taskId)
    await until(async () => (await gateway.getVideo(id, owner)).status === 'ready')
    const { items } = await timelineOf(id)
    expect(items.filter(({ kind }) => kind === 'poster')).toHaveLength(1)
    await expect(retry(id, '720p')).rejects.toMatchObject({ code: 'NOTHING_TO_RETRY' })
  })

  it('leaves no rendition failed: it is processed again, until it is ready', async () => {
    const renditionsOf = ({ renditions }: Video) => renditions.map(({ name, status }) => `${name} ${status}`)
    const { id } = await gateway.upload(owner)
    const probe = await worker.take(id, 'probe')
    await worker.finish(probe, resultOf(probe.work, probe.outputKey, ONE_CHUNK))
    await worker.finish(await worker.take(id, 'video', 'short'))
    const body = await worker.take(id, 'video', 'long')
    await worker.fail(body, FAILED)
    const failed = await videoWhen(gateway, owner, id, ({ status }) => status === 'failed')
    expect(renditionsOf(failed)).toEqual(['240p failed', '360p failed'])
    expect(renditionsOf(await retry(id, '360p'))).toEqual(['240p processing', '360p processing'])
    await doAllWork(worker, id, ONE_CHUNK)
    const ready = await videoWhen(gateway, owner, id, ({ status }) => status === 'ready')
    expect(renditionsOf(ready)).toEqual(['240p ready', '360p ready'])
  })

  it('is refused where something else has failed', async () => {
    const { id } = await gateway.upload(owner)
    await worker.finish(await worker.take(id, 'probe'))
    await worker.fail(await worker.take(id, 'video', 'short'), FAILED)
    await until(async () => (await gateway.getVideo(id, owner)).status === 'failed')
    await expect(retry(id, '720p')).rejects.toMatchObject({ code: 'NOTHING_TO_RETRY' })
    expect((await retry(id, '240p')).status).toBe('processing')
  })
})

describe('what ffmpeg printed in an attempt', () => {
  const readAs = (actor: Actor, videoId: string, taskId: string, attempt?: number) =>
    gateway.call(media.getTaskLog, { videoId, taskId, ...(attempt && { attempt }) }, actor)
  const NO_LOG = { code: 'TASK_LOG_NOT_FOUND' }

  it('is for its owner and administrators, and goes with the video', async () => {
    const { id } = await gateway.upload(owner)
    const probe = await worker.take(id, 'probe')
    await expect(readAs(owner, id, probe.taskId)).rejects.toMatchObject(NO_LOG)
    await worker.fail(probe, causeOf('SOURCE_CORRUPT'), '$ ffprobe\nmoov atom not found\n')
    const { items } = await until(async () => {
      const timeline = await timelineOf(id)
      return timeline.items[0]?.state === 'failed' && timeline
    })
    expect(items).toMatchObject([{ hasLog: true, cause: { code: 'SOURCE_CORRUPT' } }])
    const log = '$ ffprobe\nmoov atom not found\n'
    expect(await readAs(owner, id, probe.taskId)).toEqual({ log })
    expect(await readAs({ ...someUser(), role: 'admin' }, id, probe.taskId, 1)).toEqual({ log })
    await expect(readAs(someUser(), id, probe.taskId)).rejects.toMatchObject({ code: 'VIDEO_NOT_FOUND' })
    await expect(readAs(owner, id, probe.taskId, 2)).rejects.toMatchObject(NO_LOG)
    const other = await gateway.upload(owner)
    await expect(readAs(owner, other.id, probe.taskId)).rejects.toMatchObject(NO_LOG)

    await gateway.call(media.deleteVideo, { videoId: id }, owner)
    const left = await ctx.db.selectFrom('attempt_logs').select('log').where('task_id', '=', probe.taskId).execute()
    expect(left).toEqual([])
  })

  it("is the last attempt's unless one is named, and is forgotten after a month", async () => {
    const { id } = await gateway.upload(owner)
    const probe = await worker.take(id, 'probe')
    await worker.fail(probe, causeOf('TRANSCODE_FAILED'), 'first')
    const again = await worker.take(id, 'probe')
    await worker.fail(again, causeOf('SOURCE_CORRUPT'), 'second')
    await until(async () => (await readAs(owner, id, probe.taskId)).log === 'second')
    expect(await readAs(owner, id, probe.taskId, 1)).toEqual({ log: 'first' })
    await sql`update attempt_logs set written_at = now() - interval '31 days'
      where task_id = ${probe.taskId} and attempt = 2`.execute(ctx.db)
    await deleteOldRows(ctx)
    expect(await readAs(owner, id, probe.taskId)).toEqual({ log: 'first' })
  })
})
