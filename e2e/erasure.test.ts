import { readFile } from 'node:fs/promises'
import { until, useSystem, useTestEnvironment } from '@kinora/dev/harness'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { register, signIn } from './support/accounts.ts'
import type { User, Video } from './support/api-types.ts'
import { createClient } from './support/client.ts'
import { useClips } from './support/clips.ts'
import { rawUpload } from './support/raw-upload.ts'
import { ENCODED, GENEROUS } from './support/settings.ts'
import { createVideo, untilRunning, untilStatus, upload } from './support/videos.ts'

const world = await useTestEnvironment()
const system = await useSystem({ installation: world, env: { ...GENEROUS, ...ENCODED } })
const database = new pg.Pool({ connectionString: world.adminDatabaseUrl, max: 1 })
afterAll(() => database.end())
const clips = useClips()
const visitor = createClient(system.gatewayUrl)

/** Everything in storage that has to do with these videos. */
async function filesOf(...videoIds: string[]): Promise<string[]> {
  const all = await world.storedFiles()
  return all.filter((path) => videoIds.some((id) => path.includes(id)))
}

test('a person takes all their data away, and a stranger none of it', async () => {
  const person = await register(visitor)
  const video = await createVideo(person.client, { title: 'Mine' })
  const stranger = await register(visitor)
  await createVideo(stranger.client, { title: 'Not theirs' })
  const file = await person.client.call<{ account: User; videos: Video[]; auditLog: { action: string }[] }>(
    'GET',
    '/v1/auth/me/export',
  )
  expect(file.account).toEqual(person.tokens.user)
  const { playback: _, ...kept } = video
  expect(file.videos).toEqual([kept])
  expect(file.auditLog.map(({ action }) => action)).toEqual(['data_export', 'register'])
})

test('an account that is deleted leaves no file, whatever was going on and whoever was down', async () => {
  const person = await register(visitor)
  const { client } = person
  const ready = await upload(client, await clips.make('normal.mp4'), { visibility: 'public' })
  await untilStatus(client, ready.id, 'ready')
  const transcoding = await upload(client, await clips.make('minute.mp4'))
  await untilRunning(client, transcoding.id, 'video')
  // In the middle of its work, and it will go on with it when all is over.
  await system.kill('worker-1', 'SIGSTOP')
  const uploading = await createVideo(client)
  const bytes = await readFile(await clips.make('normal.mp4'))
  let finish = () => {}
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  let begun = () => {}
  const reading = new Promise<void>((resolve) => {
    begun = resolve
  })
  const sending = rawUpload(client, uploading.id, {
    headers: { 'content-length': bytes.length, expect: '100-continue' },
    async *chunks(invited) {
      yield bytes.subarray(0, 1000)
      void invited.then(begun)
      await finished
      yield bytes.subarray(1000)
    },
  })
  await reading
  const ids = [ready.id, transcoding.id, uploading.id]
  await system.kill('media')

  const json = { password: person.password }
  expect((await client.send('DELETE', '/v1/auth/me', { json })).status).toBe(204)
  await until(async () => {
    const { status, body } = await client.send('GET', '/v1/auth/me')
    return status === 401 && (body as { code: string }).code === 'ACCOUNT_ERASED'
  })
  const { email, password } = person
  const refused = await visitor.refusal('POST', '/v1/auth/login', { json: { email, password } })
  expect(refused.body.code).toBe('INVALID_CREDENTIALS')
  await visitor.call('POST', '/v1/auth/register', { email, password })
  const successor = await signIn(visitor, person)

  await system.start('media')
  const play = `/play/${ready.id}/master.m3u8`
  await until(async () => (await visitor.send('GET', play)).status === 404, { timeoutMs: 30_000 })
  await until(async () => (await filesOf(ready.id, transcoding.id)).length === 0, { timeoutMs: 30_000 })
  finish()
  expect(await sending).toMatchObject({ status: 401, body: { code: 'ACCOUNT_ERASED' } })

  // With what it was stopped in, the only worker is done when it has done something else after it.
  await system.kill('worker-1', 'SIGCONT')
  const next = await upload(successor.client, await clips.make('normal.mp4'))
  await untilStatus(successor.client, next.id, 'ready')
  // As if the half hour had passed after which nobody can be writing any more.
  await database.query('update media.deletions set due_at = now()')
  await until(async () => (await filesOf(...ids)).length === 0, { timeoutMs: 30_000 })
  await until(
    async () => {
      const { rows } = await database.query('select media_done_at from auth.erasures where user_id = $1', [
        person.tokens.user.id,
      ])
      return rows[0]?.media_done_at
    },
    { timeoutMs: 30_000 },
  )
  const unfinished = (await world.storedFiles()).filter((path) => path.startsWith('incoming/'))
  expect(unfinished).toEqual([])
  expect(await filesOf(next.id)).not.toEqual([])
})
