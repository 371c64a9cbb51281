import { until, useSystem } from '@kinora/dev/harness'
import { expect, test } from 'vitest'
import { register } from './support/accounts.ts'
import type { Page, Video } from './support/api-types.ts'
import { createClient } from './support/client.ts'
import { useClips } from './support/clips.ts'
import { GENEROUS } from './support/settings.ts'
import { putSource, upload } from './support/videos.ts'

type NewApiKey = { id: string; key: string; prefix: string; scopes: string[] }

const clips = useClips()
const system = await useSystem({ workers: 0, env: GENEROUS })
const second = await system.addGateway()
const anonymous = createClient(system.gatewayUrl)
const { client: owner, tokens } = await register(anonymous)
const newKey = (...scopes: string[]) => owner.call<NewApiKey>('POST', '/v1/api-keys', { name: 'a program', scopes })

test('a key uploads a video and lists it; a key that may only read cannot', async () => {
  const [both, read] = [await newKey('videos:read', 'videos:write'), await newKey('videos:read')]
  const [program, reader] = [anonymous.as(both.key), anonymous.as(read.key)]
  const clip = await clips.make('silent.mp4')
  const video = await upload(program, clip)
  expect(video).toMatchObject({ ownerId: tokens.user.id, status: 'uploaded' })
  const { items } = await reader.call<Page<Video>>('GET', '/v1/videos')
  expect(items.map(({ id }) => id)).toEqual([video.id])
  const refused = await reader.refusal('POST', '/v1/videos', { json: { title: 'x' } })
  expect(refused).toMatchObject({ status: 403, body: { code: 'INSUFFICIENT_SCOPE' } })
  await expect(putSource(reader, video.id, clip)).rejects.toMatchObject({ code: 'INSUFFICIENT_SCOPE' })
  expect(await reader.refusal('GET', '/v1/api-keys')).toMatchObject({ body: { code: 'API_KEY_NOT_ACCEPTED' } })
})

test('a key that is revoked is refused at every gateway within a second', async () => {
  const { key, id } = await newKey('videos:read')
  const programs = [anonymous.as(key), anonymous.at(second.url).as(key)]
  for (const program of programs) await program.call('GET', '/v1/videos')
  await owner.call('DELETE', `/v1/api-keys/${id}`)
  for (const program of programs) {
    await until(
      async () => {
        const { body } = await program.send('GET', '/v1/videos')
        return (body as { code?: string }).code === 'API_KEY_REVOKED'
      },
      { timeoutMs: 15_000, every: 20 },
    )
  }
})
