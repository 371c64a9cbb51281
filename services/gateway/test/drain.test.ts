import { connect } from 'node:net'
import { until } from '@kinora/dev/harness'
import { describe, expect, it } from 'vitest'
import { startTestGateway } from './support/start-test-gateway.ts'
import { useGateway } from './support/use-gateway.ts'

const { world, media, signedIn } = await useGateway()

async function ready(env: Record<string, string> = {}) {
  const gateway = await startTestGateway(world, env)
  await until(async () => (await gateway.health.report()).ready)
  return gateway
}

function startUpload(port: number, videoId: string, bytes: number) {
  const socket = connect(port, '127.0.0.1')
  const upload = { socket, received: '', closed: false }
  socket.on('data', (chunk) => {
    upload.received += chunk
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    upload.closed = true
  })
  const { authorization } = signedIn()
  socket.write(
    `PUT /v1/videos/${videoId}/source HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\n` +
      `Content-Type: video/mp4\r\nContent-Length: ${bytes}\r\n\r\nhalf`,
  )
  return upload
}

describe('a gateway that stops', () => {
  it('finishes open requests, accepts no new ones, and ends endless streams', async () => {
    const gateway = await ready()
    const [uploaded, watched] = [media.addVideo(), media.addVideo({ visibility: 'public' })]
    const { beginUpload } = media.on
    let begun = false
    media.on.beginUpload = async (input, call) => {
      begun = true
      return await (beginUpload as NonNullable<typeof beginUpload>)(input, call)
    }
    const upload = startUpload(gateway.port, uploaded.id, 8)
    const stream = await fetch(`${gateway.url}/v1/videos/${watched.id}/events`)
    const text = stream.text()
    await until(() => begun)
    const closed = gateway.life.close()
    expect(await text).toMatch(/event: status[\s\S]*retry: \d+\n\n$/)
    await expect(fetch(`${gateway.url}/livez`)).rejects.toThrow()
    upload.socket.write('half')
    await until(() => upload.received.includes('HTTP/1.1 202'))
    await closed
    expect(media.videos.get(uploaded.id)?.source?.bytes).toBe(8)
  })

  it('does not wait without limit for an upload that does not end', async () => {
    const gateway = await ready({ DRAIN_MS: '200' })
    const upload = startUpload(gateway.port, media.addVideo().id, 1000)
    await until(() => upload.socket.bytesWritten > 0)
    await gateway.life.close()
    await until(() => upload.closed)
  })

  it('is not ready first, then closes idle connections', async () => {
    const gateway = await ready()
    gateway.health.drain()
    const answer = await fetch(`${gateway.url}/readyz`)
    expect(answer.status).toBe(503)
    expect(await answer.json()).toEqual({ ready: false })
    await gateway.life.close()
  })
})

describe('metrics', () => {
  it('count by route template, not by path', async () => {
    const gateway = await ready()
    const { id } = media.addVideo({ visibility: 'public' })
    await fetch(`${gateway.url}/v1/videos/${id}`)
    await fetch(`${gateway.url}/made/up`)
    const text = await until(async () => {
      const all = await gateway.metrics()
      return all.includes('route="none"') && all
    })
    expect(text).toMatch(/kinora_http_request_seconds_count\{.*route="\/v1\/videos\/:videoId".*status="200".*\} 1/)
    expect(text).not.toContain(id)
    await gateway.life.close()
  })
})
