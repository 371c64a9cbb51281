import { randomUUID } from 'node:crypto'
import { type ClaimedTask, media, type TaskCause, type Video } from '@kinora/common/contracts'
import { keys } from '@kinora/common/storage'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { sql } from 'kysely'
import { describe, expect, it, test } from 'vitest'
import { createReaper, reap } from '../src/background/reap-tasks.ts'
import { connectGateway, someUser } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'
import { resultOf } from './support/results.ts'
import { connectWorker, folderOf } from './support/worker.ts'

const world = await useTestEnvironment()
const { ctx } = await startTestMedia(world)
await startTestMedia(world)
const gateway = await connectGateway(world)
const worker = await connectWorker(world, ctx)
const owner = someUser()

const GONE = { code: 'TASK_GONE' }
const HOST: TaskCause = { class: 'host', code: 'TRANSCODE_FAILED', detail: 'Our disk was full.' }
const INPUT: TaskCause = { class: 'input', code: 'SOURCE_CORRUPT', detail: 'The file is broken.' }

async function taskRow(taskId: string) {
  return await ctx.db.selectFrom('tasks').selectAll().where('id', '=', taskId).executeTakeFirstOrThrow()
}

async function videoWhen(videoId: string, status: Video['status']): Promise<Video> {
  return await until(async () => {
    const video = await gateway.getVideo(videoId, owner)
    return video.status === status && video
  })
}

/** The worker of this task has been silent for too long; the reaper finds it. */
async function silence(task: ClaimedTask): Promise<void> {
  await sql`update tasks set lease_until = now() - interval '1 second' where id = ${task.taskId}`.execute(ctx.db)
}

/** Its pause after a failure is over. */
async function skipPause(taskId: string): Promise<void> {
  await until(async () => (await taskRow(taskId)).state === 'waiting')
  await sql`update tasks set not_before = now() where id = ${taskId} and state = 'waiting'`.execute(ctx.db)
}

async function history(videoId: string): Promise<string[]> {
  const { items } = await gateway.call(media.getTimeline, { videoId }, owner)
  return items.map(({ kind, attempt, state }) => `${kind} ${attempt} ${state}`)
}

async function probeOf(video: Video): Promise<ClaimedTask> {
  return await worker.take(video.id, 'probe')
}

describe('claiming', () => {
  it('gives a task to one of many that ask at once', async () => {
    const video = await gateway.upload(owner)
    const row = await ctx.db.selectFrom('tasks').select('id').where('video_id', '=', video.id).executeTakeFirstOrThrow()
    const message = await worker.message(row.id)
    const claims = await Promise.allSettled(Array.from({ length: 10 }, () => worker.claim(message)))
    expect(claims.filter((claim) => claim.status === 'fulfilled')).toHaveLength(1)
    for (const claim of claims) if (claim.status === 'rejected') expect(claim.reason).toMatchObject(GONE)
  })

  it('is for workers', async () => {
    const claim = { taskId: randomUUID(), attempt: 1, worker: 'me', redelivered: false }
    await expect(gateway.call(media.claimTask, claim, owner)).rejects.toMatchObject({ code: 'FORBIDDEN' })
    const lease = { taskId: claim.taskId, attempt: 1, leaseToken: randomUUID() }
    await expect(gateway.call(media.releaseTask, lease, owner)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  })

  it('takes a redelivered task over at once, and again when the second worker dies too', async () => {
    const video = await gateway.upload(owner)
    const probe = await probeOf(video)
    const message = { taskId: probe.taskId, attempt: 1 }
    await expect(worker.claim(message)).rejects.toMatchObject(GONE)
    const second = await worker.claim(message, true)
    expect(second.attempt).toBe(2)
    expect(second.leaseToken).not.toBe(probe.leaseToken)
    const third = await worker.claim(message, true)
    expect(third.attempt).toBe(3)
    expect(await history(video.id)).toEqual(['probe 1 lost', 'probe 2 lost', 'probe 3 running'])

    // The first is alive after all, and late.
    await worker.finish(probe)
    await until(async () => (await ctx.store.stat(`${folderOf(probe)}/file`)) === null)
    expect((await taskRow(probe.taskId)).state).toBe('running')
    await worker.finish(third)
    await worker.take(video.id, 'video')
    expect(await ctx.store.stat(`${folderOf(third)}/file`)).not.toBeNull()
  })

  it('ends a file that kills every worker as failed, with a reason', async () => {
    const video = await gateway.upload(owner)
    const probe = await probeOf(video)
    const message = { taskId: probe.taskId, attempt: 1 }
    for (let n = 0; n < 4; n++) await worker.claim(message, true)
    await expect(worker.claim(message, true)).rejects.toMatchObject(GONE)
    expect((await videoWhen(video.id, 'failed')).error?.code).toBe('WORKER_LOST')
  })
})

describe('releasing', () => {
  it("queues the task anew at once and is nobody's fault", async () => {
    const video = await gateway.upload(owner)
    let probe = await probeOf(video)
    for (let n = 0; n < 7; n++) {
      await worker.release(probe)
      // Asked twice, because the first answer was lost.
      await worker.release(probe)
      probe = await worker.claim(await worker.message(probe.taskId, probe.attempt + 1))
    }
    expect(probe.attempt).toBe(8)
    expect((await history(video.id))[0]).toBe('probe 1 released')
    await worker.finish(probe)
    await until(async () => (await taskRow(probe.taskId)).state === 'done')
    await expect(worker.release(probe)).rejects.toMatchObject(GONE)
  })
})

describe('a silent worker', () => {
  it('loses its task to the next attempt, and what it says later does not count', async () => {
    const video = await gateway.upload(owner)
    const probe = await probeOf(video)
    await silence(probe)
    const second = await worker.claim(await worker.message(probe.taskId, 2))
    await worker.progress(probe, 0.9)
    await worker.fail(probe, INPUT)
    await worker.finish(probe)
    await worker.progress(second, 0.3)
    await until(async () => (await taskRow(probe.taskId)).fraction > 0.29)
    expect(await taskRow(probe.taskId)).toMatchObject({ state: 'running', attempt: 2, host_failures: 1 })
    expect(await history(video.id)).toEqual(['probe 1 lost', 'probe 2 running'])
  })

  it('keeps it as long as its heart beats', async () => {
    const probe = await probeOf(await gateway.upload(owner))
    const before = (await taskRow(probe.taskId)).lease_until
    await worker.progress(probe, 0.5)
    await until(async () => ((await taskRow(probe.taskId)).lease_until ?? 0) > (before ?? 0))
    await worker.progress(probe, 0.2)
    await worker.progress(probe, 0.6)
    await until(async () => (await taskRow(probe.taskId)).fraction > 0.59)
  })

  it('keeps it when it was media that could not hear', async () => {
    const video = await gateway.upload(owner)
    const probe = await probeOf(video)
    const reapAsNewProcess = createReaper(() => true)
    await ctx.db.transaction().execute(async (tx) => {
      // Held, so that the reapers of the processes that run already do not see it meanwhile.
      await tx.selectFrom('videos').select('id').where('id', '=', video.id).forUpdate().execute()
      await silence(probe)
      await reapAsNewProcess(ctx)
    })
    await reapAsNewProcess(ctx)
    expect(await taskRow(probe.taskId)).toMatchObject({ attempt: 1, state: 'running' })
  })

  it('is reaped once by many reapers, or taken over, never both', async () => {
    const video = await gateway.upload(owner)
    const probe = await probeOf(video)
    await silence(probe)
    const message = { taskId: probe.taskId, attempt: 1 }
    await Promise.allSettled([reap(ctx), reap(ctx), worker.claim(message, true), reap(ctx)])
    expect((await taskRow(probe.taskId)).attempt).toBe(2)
    expect(await history(video.id)).toHaveLength(2)
  })
})

test('a task whose message was lost is sent again', async () => {
  const video = await gateway.upload(owner)
  const { id } = await ctx.db
    .selectFrom('tasks')
    .select('id')
    .where('video_id', '=', video.id)
    .executeTakeFirstOrThrow()
  await worker.message(id)
  await sql`update tasks set sent_at = now() - interval '2 minutes' where id = ${id}`.execute(ctx.db)
  expect(await worker.message(id)).toEqual({ taskId: id, attempt: 1 })
  expect((await taskRow(id)).sends).toBe(2)
})

describe('a failure', () => {
  it('of the host is tried again after a pause, four times', async () => {
    const video = await gateway.upload(owner)
    let probe = await probeOf(video)
    for (let n = 1; n <= 4; n++) {
      await worker.fail(probe, HOST)
      await skipPause(probe.taskId)
      probe = await worker.claim(await worker.message(probe.taskId, n + 1))
    }
    await worker.fail(probe, HOST)
    const failed = await videoWhen(video.id, 'failed')
    expect(failed.error).toEqual({ code: 'TRANSCODE_FAILED', detail: 'Our disk was full.' })
    const timeline = await gateway.call(media.getTimeline, { videoId: video.id }, owner)
    expect(timeline.items).toHaveLength(5)
    expect(timeline.items[0]).toMatchObject({ state: 'failed', cause: failed.error })
  })

  it('of the file fails the video at once, and nothing of it goes on', async () => {
    const video = await gateway.upload(owner)
    await worker.finish(await probeOf(video))
    const first = await worker.take(video.id, 'video')
    const second = await worker.take(video.id, 'audio')
    await ctx.store.put(`${second.outputKey}/file`, 'bytes')
    await worker.fail(first, INPUT)
    await videoWhen(video.id, 'failed')
    const states = await ctx.db.selectFrom('tasks').select('state').where('video_id', '=', video.id).execute()
    expect(states.map((row) => row.state).sort()).toEqual([
      'cancelled',
      'cancelled',
      'cancelled',
      'cancelled',
      'cancelled',
      'cancelled',
      'done',
      'failed',
    ])
    await worker.finish(second)
    await until(async () => (await ctx.store.stat(`${second.outputKey}/file`)) === null)
    expect((await gateway.getVideo(video.id, owner)).status).toBe('failed')
  })

  it('for memory is tried once more', async () => {
    const video = await gateway.upload(owner)
    const probe = await probeOf(video)
    const cause: TaskCause = { class: 'memory', code: 'OUT_OF_MEMORY', detail: 'This video needs too much memory.' }
    await worker.fail(probe, cause)
    await skipPause(probe.taskId)
    await worker.fail(await worker.claim(await worker.message(probe.taskId, 2)), cause)
    expect((await videoWhen(video.id, 'failed')).error?.code).toBe('OUT_OF_MEMORY')
  })

  it('can be tried again by the owner: what is done stays done', async () => {
    const video = await gateway.upload(owner)
    await expect(gateway.call(media.retryVideo, { videoId: video.id }, owner)).rejects.toMatchObject({
      code: 'NOTHING_TO_RETRY',
    })
    await worker.finish(await probeOf(video))
    const first = await worker.take(video.id, 'video')
    await worker.fail(first, INPUT)
    await videoWhen(video.id, 'failed')

    const retried = await gateway.call(media.retryVideo, { videoId: video.id }, owner)
    expect(retried).toMatchObject({ status: 'processing', error: null })
    const done: string[] = []
    while (done.at(-1) !== 'finalise') {
      const task = await worker.take(video.id)
      await worker.finish(task)
      done.push(task.work.kind)
    }
    expect(done.sort()).toEqual(['audio', 'finalise', 'poster', 'video', 'video', 'video'])
    await videoWhen(video.id, 'ready')
  })
})

describe('a result', () => {
  it('told twice, also under another id, counts once', async () => {
    const video = await gateway.upload(owner)
    const probe = await probeOf(video)
    const envelope = await worker.finish(probe)
    await worker.publish(envelope)
    await worker.publish({ ...envelope, id: randomUUID() })
    const first = await worker.take(video.id, 'video')
    await worker.finish(first)
    await until(async () => (await taskRow(first.taskId)).state === 'done')
    const probes = await ctx.db.selectFrom('tasks').select('id').where('video_id', '=', video.id).execute()
    expect(probes).toHaveLength(8)
    expect(await ctx.store.stat(`${folderOf(probe)}/file`)).not.toBeNull()
  })

  it('that does not fit what was asked is tried again by another worker', async () => {
    const video = await gateway.upload(owner)
    await worker.finish(await probeOf(video))
    const first = await worker.take(video.id, 'video')
    const result = resultOf(first.work, first.outputKey)
    if (result.kind !== 'video') throw new Error('not a video result')
    const short = result.renditions.map((rendition) => ({ ...rendition, segments: rendition.segments.slice(1) }))
    await worker.finish(first, { kind: 'video', renditions: short })
    await until(async () => (await taskRow(first.taskId)).state === 'waiting')
    expect((await taskRow(first.taskId)).attempt).toBe(2)
    expect((await gateway.getVideo(video.id, owner)).status).toBe('processing')
  })
})

test('when a video is ready, only the files of the attempts that count are left', async () => {
  const video = await gateway.upload(owner)
  const first = await probeOf(video)
  await ctx.store.put(`${folderOf(first)}/file`, 'bytes')
  const second = await worker.claim({ taskId: first.taskId, attempt: 1 }, true)
  await worker.finish(second)
  const winners = [second]
  while (winners.at(-1)?.work.kind !== 'finalise') {
    const task = await worker.take(video.id)
    await worker.finish(task)
    winners.push(task)
  }
  await videoWhen(video.id, 'ready')
  const expected = winners.map((task) => `${folderOf(task)}/file`)
  await until(async () => {
    const left = []
    for await (const key of ctx.store.list(keys.videoFolder(video.id))) if (key.endsWith('/file')) left.push(key)
    return left.sort().join() === expected.sort().join()
  })
})

test('an event that cannot be read is parked with a row', async () => {
  const id = randomUUID()
  const about = {
    id,
    type: 'task.failed',
    version: 1,
    occurredAt: new Date().toISOString(),
    aggregateId: 'x',
    sequence: 1,
  }
  await worker.publish({ ...about, data: { nonsense: true } })
  const parked = await until(() =>
    ctx.db.selectFrom('parked').selectAll().where('type', '=', 'task.failed').executeTakeFirst(),
  )
  expect(parked).toMatchObject({ origin: 'media', error_code: 'VALIDATION_FAILED' })
})
