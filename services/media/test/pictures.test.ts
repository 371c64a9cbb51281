import { type ClaimedTask, media, type TaskCause, type Video } from '@kinora/common/contracts'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { describe, expect, it } from 'vitest'
import { connectGateway, someUser } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'
import { doAllWork, videoWhen } from './support/process.ts'
import { someFacts } from './support/results.ts'
import { connectWorker, folderOf } from './support/worker.ts'

const world = await useTestEnvironment()
const { ctx } = await startTestMedia(world)
const gateway = await connectGateway(world)
const worker = await connectWorker(world, ctx)
const owner = someUser()

const FACTS = someFacts(4, { width: 320, height: 240 }, false)
const UNREADABLE: TaskCause = { class: 'input', code: 'SOURCE_CORRUPT', detail: 'The file is damaged.' }

async function readyVideo(): Promise<Video> {
  const { id } = await gateway.upload(owner)
  await doAllWork(worker, id, FACTS)
  return await videoWhen(gateway, owner, id, (video) => video.status === 'ready')
}

async function grantOf({ playback }: Video) {
  const [, reference = ''] = /\/play\/([^/]+)\//.exec(playback?.hlsUrl ?? '') ?? []
  return await gateway.call(media.authorizePlayback, { reference }, { kind: 'anonymous' })
}

async function attemptsOf(videoId: string, kind: string): Promise<string[]> {
  const { items } = await gateway.call(media.getTimeline, { videoId }, owner)
  return items.filter((entry) => entry.kind === kind).map(({ state, cause }) => `${state} ${cause?.code ?? ''}`.trim())
}

describe('a storyboard', () => {
  it('is made when the video is ready, and its address is told then', async () => {
    const ready = await readyVideo()
    const task = await worker.take(ready.id, 'storyboard')
    expect(task.work).toMatchObject({ renditionKey: `videos/${ready.id}/240p.m3u8`, grid: { interval: 2, count: 2 } })
    expect((await gateway.getVideo(ready.id, owner)).playback?.storyboardUrl).toBeNull()
    const said = gateway.heardOf('video.changed', ready.id).length

    await worker.finish(task)
    const video = await videoWhen(gateway, owner, ready.id, (now) => now.playback?.storyboardUrl != null)
    expect(video.playback?.storyboardUrl).toMatch(/\/storyboard\.vtt$/)
    expect((await grantOf(video)).storyboard).toMatchObject({ count: 2, folderKey: folderOf(task) })
    // Gateways remember what may be played until they hear of a change.
    await until(() => gateway.heardOf('video.changed', ready.id).length > said)
  })

  it('that cannot be made leaves the video ready and the reason in its timeline, and may be tried again', async () => {
    const { id } = await readyVideo()
    await worker.fail(await worker.take(id, 'storyboard'), UNREADABLE)
    await until(async () => (await attemptsOf(id, 'storyboard')).includes('failed SOURCE_CORRUPT'))
    expect(await gateway.getVideo(id, owner)).toMatchObject({ status: 'ready', playable: true, error: null })

    await gateway.call(media.retryVideo, { videoId: id }, owner)
    await worker.finish(await worker.take(id, 'storyboard'))
    await videoWhen(gateway, owner, id, (now) => now.playback?.storyboardUrl != null)
  })
})

describe('a chosen poster', () => {
  const choose = (videoId: string, time: number) => gateway.call(media.choosePoster, { videoId, time }, owner)
  const posterWhen = async (video: Video, task: ClaimedTask) =>
    await until(async () => (await grantOf(video)).posterKey === `${folderOf(task)}/poster.jpg`)

  it('takes the place of the one before when it is there, whose files then go', async () => {
    const video = await readyVideo()
    const before = (await grantOf(video)).posterKey
    expect((await choose(video.id, 1.5)).status).toBe('ready')
    const task = await worker.take(video.id, 'poster')
    expect(task).toMatchObject({ attempt: 2, work: { kind: 'poster', time: 1.5 } })
    expect((await grantOf(video)).posterKey).toBe(before)
    await worker.finish(task)
    await posterWhen(video, task)
    const due = await ctx.db.selectFrom('deletions').select(['key', 'due_at']).where('folder', '=', true).execute()
    const old = due.find(({ key }) => `${key}/poster.jpg` === before)
    expect(old?.due_at.getTime()).toBeGreaterThan(Date.now())
  })

  it('that was wished for later wins, whichever is made first', async () => {
    const video = await readyVideo()
    await choose(video.id, 1)
    const first = await worker.take(video.id, 'poster')
    await choose(video.id, 4)
    const second = await worker.take(video.id, 'poster')
    expect(second.work).toMatchObject({ time: 4 - 1 / 30 })
    await worker.finish(second)
    await posterWhen(video, second)
    await worker.finish(first)
    await until(async () => (await ctx.store.stat(`${folderOf(first)}/file`)) === null)
    await posterWhen(video, second)
    expect(await attemptsOf(video.id, 'poster')).toEqual(['done', 'released', 'done'])
  })

  it('that cannot be made changes nothing', async () => {
    const video = await readyVideo()
    const before = (await grantOf(video)).posterKey
    await choose(video.id, 2)
    await worker.fail(await worker.take(video.id, 'poster'), UNREADABLE)
    await until(async () => (await attemptsOf(video.id, 'poster')).includes('failed SOURCE_CORRUPT'))
    expect((await gateway.getVideo(video.id, owner)).status).toBe('ready')
    expect((await grantOf(video)).posterKey).toBe(before)
  })

  it('behind the end is refused', async () => {
    const { id } = await readyVideo()
    await expect(choose(id, 4.1)).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      fields: [{ path: 'time', message: 'is after the end of the video' }],
    })
  })

  it('needs a video that plays, and its owner', async () => {
    const { id } = await gateway.upload(owner)
    await expect(choose(id, 1)).rejects.toMatchObject({ code: 'PLAYBACK_NOT_READY' })
    const wish = gateway.call(media.choosePoster, { videoId: id, time: 1 }, someUser())
    await expect(wish).rejects.toMatchObject({ code: 'VIDEO_NOT_FOUND' })
  })
})
