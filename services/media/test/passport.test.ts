import { createHash } from 'node:crypto'
import { type ClaimedTask, media, Passport } from '@kinora/common/contracts'
import { keys } from '@kinora/common/storage'
import { useTestEnvironment } from '@kinora/dev/harness'
import { expect, test, vi } from 'vitest'
import { connectGateway, someUser } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'
import { videoWhen } from './support/process.ts'
import { openRealWork } from './support/real-work.ts'
import { connectWorker } from './support/worker.ts'

// Real encodes, on a machine that may be busy with other test files.
vi.setConfig({ testTimeout: 120_000 })

const world = await useTestEnvironment()
const { ctx } = await startTestMedia(world)
const gateway = await connectGateway(world)
const worker = await connectWorker(world, ctx)
const realWork = await openRealWork(ctx)
const owner = someUser()
// The clip could be taken as it is.
ctx.config.REMUX = false

/** Runs a task, and says how it ended. */
async function work(task: ClaimedTask): Promise<void> {
  const outcome = await realWork.run(task)
  if ('cause' in outcome) await worker.fail(task, outcome.cause)
  else await worker.finish(task, outcome.result, outcome.tools)
}

/** Does all of a new video's work up to its check, which is handed out. */
async function untilChecked(): Promise<{ check: ClaimedTask; videoId: string; sourceSha256: string }> {
  const uploaded = await realWork.upload(gateway, owner)
  for (;;) {
    const task = await worker.take(uploaded.videoId)
    if (task.work.kind === 'finalise') return { check: task, ...uploaded }
    await work(task)
  }
}

const hashOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

test('a ready video has a passport: its source, every command, every file with its hash, every verdict', async () => {
  const { check, videoId, sourceSha256 } = await untilChecked()
  const find = () => gateway.call(media.findPassport, { videoId }, owner)
  await expect(find()).rejects.toMatchObject({ code: 'PASSPORT_NOT_READY', status: 404 })
  await work(check)
  await videoWhen(gateway, owner, videoId, ({ status }) => status === 'ready')

  const { storageKey, sha256 } = await find()
  expect(storageKey).toBe(keys.passport(videoId))
  const content = await ctx.store.get(storageKey)
  expect(hashOf(content)).toBe(sha256)
  const { source, facts, runs, files, verdicts } = Passport.parse(JSON.parse(content.toString()))
  expect(source.sha256).toBe(sourceSha256)
  expect(facts.video).toMatchObject({ width: 426, height: 240, frameCount: 175 })

  expect(runs.map(({ label }) => label)).toEqual(['probe', 'video 0-7 s 240p', 'audio', 'poster'])
  for (const { ffmpeg } of runs) expect(ffmpeg.version).toMatch(/^ffmpeg version /)
  expect(runs[1]?.commands).toEqual([expect.arrayContaining(['ffmpeg', 'file:source', 'libx264', '240p/group-%d.m4s'])])

  const names = files.map(({ name }) => name.split('/').at(-1))
  expect(names).toEqual([
    ...['master.m3u8', '240p.m3u8', 'audio.m3u8', '240p-iframes.m3u8'],
    ...['init.mp4', '0.m4s', '1.m4s', '2.m4s', '3.m4s', 'init.mp4', '0.m4s', '1.m4s', 'poster.jpg'],
  ])
  for (const { name, bytes, sha256: hash } of files) {
    const stored = await ctx.store.get(`${keys.videoFolder(videoId)}/${name}`)
    expect([name, stored.length, hashOf(stored)]).toEqual([name, bytes, hash])
  }
  // With one rendition there are no two to be compared, and with one group of audio neither.
  const notKept = verdicts.filter(({ verdict }) => verdict !== 'kept')
  expect(notKept.map(({ rule, verdict }) => [rule, verdict])).toEqual([
    ['HLS-18', 'unchecked'],
    ['HLS-30', 'unchecked'],
  ])
  expect(verdicts.length).toBeGreaterThan(20)
})

test('the passport is for the owner alone', async () => {
  const { id: videoId } = await gateway.createVideo(owner, { visibility: 'public' })
  const find = (actor: Parameters<typeof gateway.call>[2]) => gateway.call(media.findPassport, { videoId }, actor)
  await expect(find(someUser())).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await expect(find(owner)).rejects.toMatchObject({ code: 'PASSPORT_NOT_READY' })
})

test('a video of which one bit was changed before the check fails, and says by which rule', async () => {
  const { check, videoId } = await untilChecked()
  const row = await ctx.db.selectFrom('parts').selectAll().where('task_id', 'in', taskIds(videoId)).execute()
  const picture = row.find(({ written }) => written.kind === 'video')
  const key = `${keys.attempt(videoId, picture?.task_id ?? '', picture?.attempt ?? 0)}/240p/1.m4s`
  const segment = await ctx.store.get(key)
  // Within a picture, where no header tells of it.
  segment.writeUInt8(segment.readUInt8(segment.length - 10) ^ 1, segment.length - 10)
  await ctx.store.put(key, segment)

  await work(check)
  // The playlists may have been wrong: they are written again, and all is checked once more.
  await work(await worker.take(videoId, 'finalise'))
  const failed = await videoWhen(gateway, owner, videoId, ({ status }) => status !== 'processing')
  expect(failed).toMatchObject({ status: 'failed', playable: false, error: { code: 'VERIFICATION_FAILED' } })
  expect(failed.error?.detail).toContain('rule HLS-22')
  await expect(gateway.call(media.findPassport, { videoId }, owner)).rejects.toMatchObject({
    code: 'PASSPORT_NOT_READY',
  })
})

function taskIds(videoId: string) {
  return ctx.db.selectFrom('tasks').select('id').where('video_id', '=', videoId)
}
