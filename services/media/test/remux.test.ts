import { type ClaimedTask, media, type TaskCause } from '@kinora/common/contracts'
import { keys } from '@kinora/common/storage'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { expect, test } from 'vitest'
import { connectGateway, someUser } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'
import { videoWhen } from './support/process.ts'
import { partOf, resultOf, someFacts } from './support/results.ts'
import { connectWorker, folderOf } from './support/worker.ts'

const world = await useTestEnvironment()
const { ctx } = await startTestMedia(world)
const other = await startTestMedia(world)
const gateway = await connectGateway(world)
const worker = await connectWorker(world, ctx)
const owner = someUser()

/** 90 seconds at 720p that can be taken as they are. */
const FACTS = someFacts(90, { copyable: { peakBitrate: 2_000_000 } })
const UNFIT: TaskCause = { class: 'input', code: 'COPY_UNFIT', detail: 'The pictures cannot be taken as they are.' }
/** The initialisation of an encode is another one. */
const COPIED_INIT = 'c'.repeat(64)

/** A video whose beginning plays, and the task that copies its largest rendition. */
async function begun(): Promise<{ id: string; copy: ClaimedTask }> {
  const { id } = await gateway.upload(owner)
  const probe = await worker.take(id, 'probe')
  await worker.finish(probe, resultOf(probe.work, probe.outputKey, FACTS))
  await worker.finish(await worker.take(id, 'audio'))
  await worker.finish(await worker.take(id, 'video'))
  return { id, copy: await worker.message(await copyTaskOf(id)).then((message) => worker.claim(message)) }
}

async function copyTaskOf(id: string, name = '720p'): Promise<string> {
  const find = () =>
    ctx.db
      .selectFrom('tasks')
      .select('id')
      .where('video_id', '=', id)
      .where('label', '=', `video 0-90 s ${name} copied`)
      .executeTakeFirst()
  return (await until(find)).id
}

/** As a worker that copied tells it. */
function copiedPart({ work }: ClaimedTask, to?: number) {
  if (work.kind !== 'video') throw new Error('no picture')
  const part = partOf(work, to)
  if (part.kind !== 'video') throw new Error('no picture')
  return { ...part, renditions: part.renditions.map((one) => ({ ...one, initSha256: COPIED_INIT })) }
}

async function listed(id: string, name: string): Promise<string[]> {
  const text = (await ctx.store.get(keys.playlist(id, name)).catch(() => '')).toString()
  return text.split('\n').filter((line) => line.endsWith('.m4s'))
}

/** Does what is left of a video; gives the labels of it. */
async function finishRest(id: string, facts = FACTS): Promise<void> {
  for (let kind = ''; kind !== 'finalise'; ) {
    const task = await worker.take(id)
    await worker.finish(task, resultOf(task.work, task.outputKey, facts))
    kind = task.work.kind
  }
  await videoWhen(gateway, owner, id, ({ status }) => status === 'ready')
}

async function timelineOf(id: string) {
  return (await gateway.call(media.getTimeline, { videoId: id }, owner)).items
}

test('a copied rendition is published as far as the smallest one, and whole in the end', async () => {
  const { id, copy } = await begun()
  expect(copy.work).toMatchObject({
    copied: true,
    rungs: [{ name: '720p' }],
    chunk: { startFrame: 0, frameCount: 2700 },
  })
  await worker.finish(copy, copiedPart(copy))
  const growing = await until(async () => {
    const uris = await listed(id, '720p.m3u8')
    return uris.length > 0 && uris
  })
  expect(growing).toEqual([0, 1, 2, 3].map((number) => `${copy.taskId}-1/720p/${number}.m4s`))
  await finishRest(id)
  expect(await listed(id, '720p.m3u8')).toHaveLength(17)
  expect((await gateway.getVideo(id, owner)).renditions.map(({ name }) => name)).toEqual([
    '240p',
    '360p',
    '540p',
    '720p',
  ])
})

test('a rendition that cannot be copied is encoded, and nothing of the copy is ever published', async () => {
  const { id, copy } = await begun()
  // What is told before the end of a copy does not count.
  await worker.progress(copy, 0.5, copiedPart(copy, 3))
  await worker.fail(copy, UNFIT)
  const again = await worker.claim(await worker.message(copy.taskId, 2))
  expect(again.work).toMatchObject({ rungs: [{ name: '720p' }], chunk: { startFrame: 0, frameCount: 1260 } })
  expect(again.work).not.toHaveProperty('copied')
  // The first attempt is alive after all.
  await worker.progress(copy, 0.9, copiedPart(copy, 5))
  await worker.finish(copy, copiedPart(copy))
  await until(async () => (await ctx.store.stat(`${folderOf(copy)}/file`)) === null)
  await worker.finish(again)
  await finishRest(id)

  const uris = await listed(id, '720p.m3u8')
  expect(uris).toHaveLength(17)
  expect(uris.filter((uri) => uri.startsWith(`${copy.taskId}-1/`))).toEqual([])
  const items = await timelineOf(id)
  expect(items.filter(({ label }) => label.endsWith(' 720p')).map(({ label, state }) => `${label} ${state}`)).toEqual([
    'video 0-42 s 720p failed',
    'video 0-42 s 720p done',
    'video 42-90 s 720p done',
  ])
  expect(items.find(({ state }) => state === 'failed')?.cause).toMatchObject({ code: 'COPY_UNFIT' })
})

test('a copy on which machines die again and again is encoded with all the tries of a new task', async () => {
  const { id, copy } = await begun()
  await ctx.db.updateTable('tasks').set({ host_failures: 4 }).where('id', '=', copy.taskId).execute()
  // The broker gives the message out again: the next attempt is claimed at once.
  const again = await worker.claim({ taskId: copy.taskId, attempt: 1 }, true)
  expect(again).toMatchObject({ attempt: 2, work: { rungs: [{ name: '720p' }], chunk: { frameCount: 1260 } } })
  const row = await ctx.db.selectFrom('tasks').selectAll().where('id', '=', copy.taskId).executeTakeFirstOrThrow()
  expect(row).toMatchObject({ state: 'running', host_failures: 0, label: 'video 0-42 s 720p' })
  expect(await gateway.getVideo(id, owner)).toMatchObject({ status: 'processing', error: null })
})

const HEVC_FACTS = someFacts(90, { codec: 'hevc', copyableHevc: { peakBitrate: 2_000_000 } })

/** A video of an HEVC source whose beginning plays, and the task that copies it. */
async function begunHevc(): Promise<{ id: string; copy: ClaimedTask }> {
  const { id } = await gateway.upload(owner)
  const probe = await worker.take(id, 'probe')
  await worker.finish(probe, resultOf(probe.work, probe.outputKey, HEVC_FACTS))
  await worker.finish(await worker.take(id, 'audio'))
  await worker.finish(await worker.take(id, 'video'))
  return { id, copy: await worker.claim(await worker.message(await copyTaskOf(id, '720p-hevc'))) }
}

const variantsOf = async (id: string) => (await masterOf(id)).match(/CODECS="(?:hvc1[^"]*|avc1[^"]*)"/g) ?? []
const masterOf = async (id: string) => (await ctx.store.get(keys.playlist(id, 'master.m3u8'))).toString()

test('an HEVC source is offered as it is, beside H.264 of the same size', async () => {
  const { id, copy } = await begunHevc()
  expect(copy.work).toMatchObject({ copied: true, rungs: [{ name: '720p-hevc', height: 720 }] })
  await worker.finish(copy)
  await until(async () => (await variantsOf(id)).length > 1)
  await finishRest(id, HEVC_FACTS)
  const lines = (await masterOf(id)).split('\n')
  const at = lines.indexOf('720p-hevc.m3u8')
  expect(lines[at - 1]).toContain('CODECS="hvc1.2.4.L93.90,mp4a.40.2",RESOLUTION=1280x720')
  expect(lines.slice(0, at)).toContain('720p.m3u8')
  expect(await listed(id, '720p-hevc.m3u8')).toHaveLength(17)
  const { renditions } = await gateway.getVideo(id, owner)
  expect(renditions.map(({ name, status }) => `${name} ${status}`)).toEqual([
    ...['240p ready', '360p ready', '540p ready', '720p ready', '720p-hevc ready'],
  ])
})

test('HEVC that cannot be copied is left out, and the video is ready without it', async () => {
  const { id, copy } = await begunHevc()
  await worker.fail(copy, UNFIT)
  await finishRest(id, HEVC_FACTS)
  const { renditions, error } = await gateway.getVideo(id, owner)
  expect(renditions.map(({ name }) => name)).toEqual(['240p', '360p', '540p', '720p'])
  expect(error).toBeNull()
  expect(await masterOf(id)).not.toContain('hevc')
  expect((await timelineOf(id)).find(({ label }) => label.includes('hevc'))).toMatchObject({
    ...{ state: 'failed', cause: { code: 'COPY_UNFIT' } },
  })
})

test('where copying is switched off, all is encoded', async () => {
  const configs = [ctx.config, other.ctx.config]
  for (const config of configs) config.REMUX = false
  try {
    const { id } = await gateway.upload(owner)
    const probe = await worker.take(id, 'probe')
    await worker.finish(probe, resultOf(probe.work, probe.outputKey, FACTS))
    await worker.take(id, 'audio')
    const rows = await ctx.db.selectFrom('tasks').select('label').where('video_id', '=', id).execute()
    expect(rows.map(({ label }) => label).filter((label) => label.includes('720p'))).toEqual([
      'video 0-42 s 240p 360p 540p 720p',
      'video 42-90 s 240p 360p 540p 720p',
    ])
  } finally {
    for (const config of configs) config.REMUX = true
  }
})
