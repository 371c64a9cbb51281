import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { until, useSystem, useTestEnvironment } from '@kinora/dev/harness'
import { expect, test } from 'vitest'
import { register } from './support/accounts.ts'
import type { Problem, Video } from './support/api-types.ts'
import { createClient } from './support/client.ts'
import { useClips } from './support/clips.ts'
import { rawConversation, rawUpload } from './support/raw-upload.ts'
import { GENEROUS } from './support/settings.ts'
import { createVideo, getVideo, putSource, untilStatus } from './support/videos.ts'

const MEBIBYTE = 1024 * 1024
const MAX_BYTES = 310 * MEBIBYTE

const clips = useClips()
const world = await useTestEnvironment()
const system = await useSystem({ installation: world, env: { ...GENEROUS, MAX_UPLOAD_BYTES: String(MAX_BYTES) } })
const { client } = await register(createClient(system.gatewayUrl))
const clip = await clips.make('silent.mp4')

const video = { 'content-type': 'video/mp4' }
const sourcePath = (id: string) => `/v1/videos/${id}/source`
/** All files of the store, also unfinished ones. */
const { storedFiles } = world
/** Waits until the store holds as many files as it did. */
const untilStored = (count: number) =>
  until(async () => (await storedFiles()).length === count, { timeoutMs: 30_000, every: 100 })

function headOf(id: string, contentLength: number): string {
  const lines = [
    `PUT ${sourcePath(id)} HTTP/1.1`,
    'Host: kinora',
    `Authorization: ${client.headers.authorization}`,
    'Content-Type: video/mp4',
    `Content-Length: ${contentLength}`,
  ]
  return `${lines.join('\r\n')}\r\n\r\n`
}

async function* zeros(bytes: number): AsyncGenerator<Buffer> {
  const chunk = Buffer.alloc(256 * 1024)
  for (let left = bytes; left > 0; left -= chunk.length) yield left < chunk.length ? chunk.subarray(0, left) : chunk
}

test('an upload that is broken off leaves nothing behind and can be done again', async () => {
  const { id } = await createVideo(client)
  const before = (await storedFiles()).length
  const half = readFileSync(clip).subarray(0, 100_000)
  const headers = { 'content-length': 200_000, expect: '100-continue' }
  const answer = await rawUpload(client, id, {
    headers,
    async *chunks(invited) {
      yield half
      await invited
      throw new Error('broken off')
    },
  })
  expect(answer).toBeNull()
  await untilStored(before)
  expect((await getVideo(client, id)).status).toBe('awaiting_upload')
  await putSource(client, id, clip)
  await untilStatus(client, id, 'ready')
})

test('a Content-Length that promises more than comes is no upload', async () => {
  const { id } = await createVideo(client)
  const before = (await storedFiles()).length
  const answer = await rawConversation(system.gatewayUrl, `${headOf(id, 1000)}${'x'.repeat(500)}`)
  if (answer !== '') expect(answer).toMatch(/^HTTP\/1\.1 400 /)
  await untilStored(before)
  expect((await getVideo(client, id)).status).toBe('awaiting_upload')
})

test('what follows a Content-Length that is too small is not taken for a request', async () => {
  const { id } = await createVideo(client)
  const smuggled = `DELETE /v1/videos/${id} HTTP/1.1\r\nHost: kinora\r\n\r\n`
  const answer = await rawConversation(system.gatewayUrl, `${headOf(id, 10)}0123456789 and more ${smuggled}`)
  expect(answer).not.toMatch(/^HTTP\/1\.1 (?!400|202)/m)
  // Either ten bytes were an upload, which is no video, or none was.
  const after = await getVideo(client, id)
  if (after.source) expect(after.source.bytes).toBe(10)
  else expect(after.status).toBe('awaiting_upload')
})

test('no bytes, a wrong type and a content encoding are refused, each as what it is', async () => {
  const { id } = await createVideo(client)
  const put = (body: string, headers: Record<string, string>) =>
    client.refusal('PUT', sourcePath(id), { body, headers })
  expect((await put('', video)).body).toMatchObject({ status: 400, code: 'UPLOAD_EMPTY' })
  expect(await rawUpload(client, id, { headers: { 'transfer-encoding': 'chunked' }, chunks: () => [] })).toMatchObject({
    status: 400,
    body: { code: 'UPLOAD_EMPTY' },
  })
  const wrong = [{ 'content-type': 'text/html' }, { 'content-type': 'multipart/form-data; boundary=x' }]
  for (const headers of wrong) {
    expect((await put('x', headers)).body).toMatchObject({ status: 415, code: 'SOURCE_TYPE_UNSUPPORTED' })
  }
  expect((await put('x', { ...video, 'content-encoding': 'gzip' })).status).toBe(415)
  expect((await getVideo(client, id)).status).toBe('awaiting_upload')
})

test('a file over the limit is refused by what it announces, and else by what comes', async () => {
  const { id } = await createVideo(client)
  const before = (await storedFiles()).length
  let sent = 0
  async function* counted(bytes: number): AsyncGenerator<Buffer> {
    for await (const chunk of zeros(bytes)) {
      sent += chunk.length
      yield chunk
    }
  }
  const announced = await rawUpload(client, id, {
    headers: { 'content-length': MAX_BYTES + 1, expect: '100-continue' },
    chunks: () => [],
  })
  expect(announced).toMatchObject({ status: 413, body: { code: 'UPLOAD_TOO_LARGE' } })
  const streamed = await rawUpload(client, id, {
    headers: { 'transfer-encoding': 'chunked' },
    chunks: () => counted(MAX_BYTES + 4 * MEBIBYTE),
  })
  expect(streamed).toMatchObject({ status: 413, body: { code: 'UPLOAD_TOO_LARGE' } })
  expect(sent).toBeGreaterThan(MAX_BYTES)
  await untilStored(before)
})

test('a video has one source: the second of two uploads is refused, also when both come at once', async () => {
  const { id } = await createVideo(client)
  const body = readFileSync(clip)
  const both = await Promise.all([1, 2].map(() => client.send('PUT', sourcePath(id), { body, headers: video })))
  expect(both.map(({ status }) => status).sort()).toEqual([202, 409])
  const again = await client.refusal('PUT', sourcePath(id), { body, headers: video })
  expect(again.body).toMatchObject({ status: 409, code: 'SOURCE_ALREADY_UPLOADED' })
  await untilStatus(client, id, 'ready')
  const sources = (await storedFiles()).filter((file) => file.includes(`/sources/${id}/`))
  expect(sources).toHaveLength(1)
})

test('a file name is shown, and never becomes a path', async () => {
  const name = `kinora-escape-${process.pid}.mp4`
  const names: [header: string, shown: string | null][] = [
    [`filename="../../../../../../tmp/${name}"`, name],
    [`filename="..\\..\\${name}"`, name],
    [`filename*=UTF-8''..%2F..%2Ftmp%2F${name}`, name],
    [`filename*=UTF-8''%E2%80%AE4pm.na%C3%AFve.mp4`, '4pm.naïve.mp4'],
    ["filename*=UTF-8''a%0D%0Ab.mp4", 'ab.mp4'],
    [`filename="${'x'.repeat(4000)}.mp4"`, `${'x'.repeat(251)}.mp4`],
    ['filename=".."', null],
  ]
  for (const [header, shown] of names) {
    const { id } = await createVideo(client)
    const headers = { ...video, 'content-disposition': `attachment; ${header}` }
    const { status, body } = await client.send('PUT', sourcePath(id), { body: 'no video', headers })
    expect([header, status, (body as Video).source?.filename]).toEqual([header, 202, shown])
  }
  const around = [dirname(world.storageDir), '/tmp', '/', process.cwd()]
  expect(around.filter((dir) => existsSync(join(dir, name)))).toEqual([])
  const uuid = /^[0-9a-f-]{36}(-\d+)?$/
  const ours = (part: string) => uuid.test(part) || /^[a-z0-9-]+(\.[a-z0-9]+)?$/.test(part)
  const parts = (await storedFiles()).flatMap((file) => file.split('/'))
  expect(parts.filter((part) => !ours(part))).toEqual([])
})

test("the gateway's memory stays flat while a large file streams through it", async () => {
  const { id } = await createVideo(client)
  const before = await residentBytes()
  let most = before
  async function* watched(): AsyncGenerator<Buffer> {
    let sent = 0
    for await (const chunk of zeros(300 * MEBIBYTE)) {
      yield chunk
      sent += chunk.length
      if (sent % (10 * MEBIBYTE) === 0) most = Math.max(most, await residentBytes())
    }
  }
  const answer = await rawUpload(client, id, { headers: { 'content-length': 300 * MEBIBYTE }, chunks: watched })
  expect(answer).toMatchObject({ status: 202, body: { source: { bytes: 300 * MEBIBYTE } } })
  expect(most - before).toBeLessThan(64 * MEBIBYTE)
  await untilStatus(client, id, 'failed')
})

test('a gateway that is killed in the midst of an upload has not taken it, and takes it when it is back', async () => {
  const { id } = await createVideo(client)
  const answer = await rawUpload(client, id, {
    headers: { 'content-length': 200_000, expect: '100-continue' },
    async *chunks(invited) {
      yield readFileSync(clip).subarray(0, 100_000)
      await invited
      await system.kill('gateway')
    },
  })
  expect(answer).toBeNull()
  await system.start('gateway')
  expect((await getVideo(client, id)).status).toBe('awaiting_upload')
  await putSource(client, id, clip)
  await untilStatus(client, id, 'ready')
})

test('an upload that ends while media is dead is kept, and worked on when media is back', async () => {
  const { id } = await createVideo(client)
  const bytes = readFileSync(clip)
  const answer = await rawUpload(client, id, {
    headers: { 'content-length': bytes.length, expect: '100-continue' },
    async *chunks(invited) {
      yield bytes.subarray(0, 1000)
      await invited
      await system.kill('media')
      yield bytes.subarray(1000)
    },
  })
  expect(answer).toMatchObject({ status: 202, body: { id, status: 'uploaded', source: { bytes: bytes.length } } })
  const { body, status, headers } = await client.refusal('GET', `/v1/videos/${id}`)
  expect([status, (body as Problem).retryable]).toEqual([503, true])
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
  await system.start('media')
  await until(() => getVideo(client, id).then(({ status }) => status !== 'awaiting_upload'), { timeoutMs: 60_000 })
  await untilStatus(client, id, 'ready')
})

async function residentBytes(): Promise<number> {
  const metrics = await (await fetch(`${system.internalUrl('gateway')}/metrics`)).text()
  return Number(/^process_resident_memory_bytes(?:\{[^}]*\})? (\d\S*)/m.exec(metrics)?.[1])
}
