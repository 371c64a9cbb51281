import { type ClaimedTask, media } from '@kinora/common/contracts'
import { keys } from '@kinora/common/storage'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { expect, test } from 'vitest'
import { publishPlaylists } from '../src/background/publish-playlists.ts'
import { connectGateway, someUser } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'
import { doAllWork, videoWhen } from './support/process.ts'
import { partOf, resultOf, segmentWork, someFacts } from './support/results.ts'
import { connectWorker } from './support/worker.ts'

const world = await useTestEnvironment()
const { ctx } = await startTestMedia(world)
await startTestMedia(world)
const gateway = await connectGateway(world)
const worker = await connectWorker(world, ctx)
const owner = someUser()

const LONG = someFacts(300, { width: 640, height: 360 })

async function playlist(videoId: string, name: string): Promise<string> {
  return (await ctx.store.get(keys.playlist(videoId, name))).toString()
}

/** All media work of a video of five minutes, claimed; of its head and its sound, which come first, something is told. */
async function claimMedia(): Promise<{ videoId: string; tasks: ClaimedTask[] }> {
  const { id: videoId } = await gateway.upload(owner)
  const probe = await worker.take(videoId, 'probe')
  await worker.finish(probe, resultOf(probe.work, probe.outputKey, LONG))
  const tasks = [await worker.take(videoId, 'video'), await worker.take(videoId, 'audio')]
  for (const task of tasks) await worker.progress(task, 0.1, partOf(segmentWork(task), 1))
  for (let n = 0; n < 6; n++) tasks.push(await worker.take(videoId))
  return { videoId, tasks }
}

test('chunks that end at the same time, in any order, make playlists that only grow', async () => {
  const { videoId, tasks } = await claimMedia()
  const lengths: number[] = []
  let watching = true
  const watcher = (async () => {
    while (watching) {
      const text = await playlist(videoId, '240p.m3u8').catch(() => '')
      lengths.push(text.split('#EXTINF').length - 1)
    }
  })()
  await Promise.all(tasks.toReversed().map((task) => worker.finish(task)))
  await worker.take(videoId, 'finalise')
  watching = false
  await watcher
  expect(lengths).toEqual([...lengths].sort((one, other) => one - other))
  const complete = await playlist(videoId, '240p.m3u8')
  expect(complete.split('#EXTINF')).toHaveLength(53)
  const seconds = [...complete.matchAll(/#EXTINF:([\d.]+)/g)].reduce((sum, [, each]) => sum + Number(each), 0)
  expect(seconds).toBeCloseTo(300, 3)
})

test('playlists that were written and not recorded, or lost afterwards, are written again', async () => {
  const { videoId, tasks } = await claimMedia()
  const first = tasks.slice(0, 2)
  await Promise.all(first.map((task) => worker.finish(task)))
  const ids = first.map(({ taskId }) => taskId)
  await until(async () => {
    const row = await ctx.db.selectFrom('videos').selectAll().where('id', '=', videoId).executeTakeFirstOrThrow()
    const done = await ctx.db
      .selectFrom('tasks')
      .select('id')
      .where('id', 'in', ids)
      .where('state', '=', 'done')
      .execute()
    return done.length === ids.length && row.material_published === row.material
  })
  const before = await playlist(videoId, 'master.m3u8')
  // As after a crash between the last file and the commit.
  await ctx.store.put(keys.playlist(videoId, 'master.m3u8'), 'half')
  await ctx.db.updateTable('videos').set({ material_published: 0 }).where('id', '=', videoId).execute()
  await until(async () => (await playlist(videoId, 'master.m3u8')) === before)
})

test('storage that fails delays playlists and loses none', async () => {
  const { videoId, tasks } = await claimMedia()
  const broken = new Proxy(ctx.store, {
    get: (store, name) => {
      if (name === 'put') return () => Promise.reject(new Error('the disk is gone'))
      const value = Reflect.get(store, name)
      return typeof value === 'function' ? value.bind(store) : value
    },
  })
  await Promise.all(tasks.map((task) => worker.finish(task)))
  await publishPlaylists({ ...ctx, store: broken })
  await worker.take(videoId, 'finalise')
  expect(await playlist(videoId, '240p.m3u8')).toContain('#EXT-X-ENDLIST')
})

test('a check that finds something wrong has everything published once more, then is repeated', async () => {
  const { videoId, tasks } = await claimMedia()
  await Promise.all(tasks.map((task) => worker.finish(task)))
  const finalise = await worker.take(videoId, 'finalise')
  await ctx.store.put(keys.playlist(videoId, '240p.m3u8'), 'an old playlist that came late')
  await worker.fail(finalise, { class: 'host', code: 'VERIFICATION_FAILED', detail: 'The result was not right.' })
  const again = await worker.take(videoId, 'finalise')
  expect(again.attempt).toBe(2)
  expect(await playlist(videoId, '240p.m3u8')).toContain('#EXT-X-ENDLIST')
  await worker.finish(again)
  await videoWhen(gateway, owner, videoId, (video) => video.status === 'ready')
})

test('a video that is deleted while it is published leaves no playlist behind', async () => {
  const { id } = await gateway.upload(owner)
  await doAllWork(worker, id, someFacts(4, { width: 320, height: 240 }, false))
  await ctx.db.updateTable('videos').set({ republish: true }).where('id', '=', id).execute()
  await Promise.all([publishPlaylists(ctx), gateway.call(media.deleteVideo, { videoId: id }, owner)])
  await until(async () => (await ctx.store.stat(keys.playlist(id, 'master.m3u8'))) === null)
})
