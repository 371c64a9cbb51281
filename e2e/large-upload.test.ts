import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { useSystem, useTestEnvironment } from '@kinora/dev/harness'
import { afterAll, expect, test } from 'vitest'
import { register } from './support/accounts.ts'
import { createClient } from './support/client.ts'
import { GENEROUS } from './support/settings.ts'
import { sendByTus } from './support/tus.ts'
import { createVideo, getVideo } from './support/videos.ts'

const GIBIBYTE = 2 ** 30
const BYTES = 2 * GIBIBYTE
const INTERRUPTIONS = 20

const system = await useSystem({
  installation: await useTestEnvironment(),
  workers: 0,
  env: { ...GENEROUS, MAX_UPLOAD_BYTES: String(BYTES) },
})
const second = await system.addGateway()
const { client: owner } = await register(createClient(system.gatewayUrl))
const gateways = [owner, owner.at(second.url)] as const

const folder = await mkdtemp(join(tmpdir(), 'kinora-large-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Noise of which no two blocks are the same. Gives its SHA-256. */
async function writeNoise(path: string): Promise<string> {
  const block = randomBytes(16 * 1024 * 1024)
  const hash = createHash('sha256')
  const file = await open(path, 'w')
  try {
    for (let written = 0; written < BYTES; written += block.length) {
      block.writeDoubleBE(written)
      hash.update(block)
      await file.writeFile(block)
    }
  } finally {
    await file.close()
  }
  return hash.digest('hex')
}

test('an upload of 2 GiB that is interrupted twenty times is finished, byte for byte', async () => {
  const path = join(folder, 'film.mp4')
  const sha256 = await writeNoise(path)
  const { id: videoId } = await createVideo(owner)
  const ends: string[] = []
  let url: string | undefined
  for (let part = 1; part <= INTERRUPTIONS + 1; part += 1) {
    const until = Math.floor((part / (INTERRUPTIONS + 1)) * BYTES)
    const client = gateways[part % 2 === 0 ? 0 : 1]
    const sent = await sendByTus(client, createReadStream(path), url, (cut) => ({
      metadata: { videoId, filename: 'film.mp4', filetype: 'video/mp4' },
      uploadSize: BYTES,
      onProgress: (bytes) => {
        if (bytes >= until && until < BYTES) cut()
      },
    }))
    url = sent.url
    ends.push(sent.ended)
  }
  expect(ends).toEqual([...Array(INTERRUPTIONS).fill('cut'), 'done'])
  const { status, source } = await getVideo(owner, videoId)
  expect(status).toBe('uploaded')
  expect(source).toMatchObject({ bytes: BYTES, sha256 })
})
