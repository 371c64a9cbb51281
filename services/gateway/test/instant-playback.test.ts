import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { AppError } from '@kinora/common/errors'
import { openStore } from '@kinora/common/storage'
import { readWebFile } from '@kinora/formats/web-file'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { useGateway } from './support/use-gateway.ts'

// Real encodes, on a machine that may be busy with other test files.
vi.setConfig({ testTimeout: 120_000 })

const run = promisify(execFile)
const { world, media, request } = await useGateway()
const store = await openStore(world.storageUrl)
const folder = await mkdtemp(join(tmpdir(), 'kinora-source-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

const SECRETS = [
  ...['-metadata', 'title=SECRET title', '-metadata', 'location=+48.1-SECRET/', '-metadata', 'comment=SECRET'],
  ...[
    '-metadata:s:v',
    'handler_name=SECRET',
    '-metadata:s:a',
    'title=SECRET',
    '-metadata',
    'creation_time=2020-02-02T02:02:02',
  ],
]
const FIRST = ['-movflags', '+faststart']
const X264 = ['-c:v', 'libx264', '-preset', 'ultrafast']

/** What ffmpeg writes, with metadata in all places that it knows. */
async function sourceOf(name: string, ...options: string[]): Promise<{ key: string; file: Buffer }> {
  const input = ['-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=25:duration=1', '-f', 'lavfi', '-i', 'sine=duration=1']
  await run('ffmpeg', ['-nostdin', '-loglevel', 'error', '-y', ...input, ...SECRETS, ...options, join(folder, name)])
  const key = `sources/${randomUUID()}/${randomUUID()}`
  const file = await readFile(join(folder, name))
  await store.put(key, file)
  return { key, file }
}

const find = (file: Buffer) =>
  readWebFile({ size: file.length, read: async (start, bytes) => file.subarray(start, start + bytes) })

async function decoded(file: Buffer): Promise<string> {
  const path = join(folder, randomUUID())
  await writeFile(path, file)
  const { stdout } = await run('ffmpeg', ['-v', 'error', '-i', path, '-f', 'framemd5', '-'])
  return createHash('sha256')
    .update(stdout.replaceAll(/^#.*\n/gm, ''))
    .digest('hex')
}

describe('a source', () => {
  it.each<[string, string, string[]]>([
    ['mp4', 'video/mp4', [...X264, '-c:a', 'aac', '-movflags', '+faststart+use_metadata_tags']],
    ['mp4', 'video/mp4', [...X264, '-c:a', 'libmp3lame', '-movflags', '+frag_keyframe+empty_moov']],
    ['webm', 'video/webm', ['-c:v', 'libvpx', '-deadline', 'realtime', '-c:a', 'libvorbis']],
    ['webm', 'video/webm', ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-c:a', 'libopus']],
  ])(
    'in %s is sent to others as %s, without what it says about its recording',
    async (ending, contentType, options) => {
      const { key, file } = await sourceOf(`${randomUUID()}.${ending}`, ...options)
      const found = await find(file)
      if (!found?.blanks) throw new Error('browsers do not play it')
      expect(found.contentType).toBe(contentType)
      const { blanks } = found
      media.on.authorizeSource = async () => ({
        videoId: randomUUID(),
        contentType: found.contentType,
        storageKey: key,
        blanks,
      })
      const answer = await request(`/play/${randomUUID()}/source`)
      expect(answer.status).toBe(200)
      const served = Buffer.from(await answer.arrayBuffer())
      expect(file.includes('SECRET')).toBe(true)
      expect(served.includes('SECRET')).toBe(false)
      expect(served.length).toBe(file.length)
      expect(await decoded(served)).toBe(await decoded(file))

      const range = await request(`/play/${randomUUID()}/source`, { headers: { range: 'bytes=37-4242' } })
      expect([range.status, range.headers.get('content-range')]).toEqual([206, `bytes 37-4242/${file.length}`])
      expect(Buffer.from(await range.arrayBuffer())).toEqual(served.subarray(37, 4243))
    },
  )

  it('is sent as what media elements play, and as nothing that a browser would open', async () => {
    const { key, file } = await sourceOf('own.mp4', ...X264, '-c:a', 'aac', ...FIRST)
    media.on.authorizeSource = async () => ({
      videoId: randomUUID(),
      contentType: 'video/mp4',
      storageKey: key,
      blanks: [],
    })
    const answer = await request('/play/token.of-the-owner/source')
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(file)
    const { headers } = answer
    expect(headers.get('content-type')).toBe('video/mp4')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-security-policy')).toMatch(/^sandbox; default-src 'none'/)
    expect(headers.get('content-disposition')).toBe('attachment')
    expect(headers.get('cache-control')).toBe('private, max-age=60')
    expect(headers.get('accept-ranges')).toBe('bytes')
    const head = await request('/play/token.of-the-owner/source', { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(file.length)])
  })

  it('in Matroska is nothing that browsers play', async () => {
    expect(await find((await sourceOf('x.mkv', ...X264, '-c:a', 'aac')).file)).toBeNull()
  })

  it('with a track of times or places is for its owner alone', async () => {
    const { file } = await sourceOf('tmcd.mov', ...X264, '-c:a', 'aac', ...FIRST, '-timecode', '01:00:00:00')
    expect(await find(file)).toMatchObject({ contentType: 'video/mp4', blanks: null })
  })

  it('that may not be watched is refused', async () => {
    media.on.authorizeSource = async () => {
      throw new AppError('SOURCE_NOT_PLAYABLE')
    }
    const answer = await request(`/play/${randomUUID()}/source`)
    expect([answer.status, await answer.json()]).toMatchObject([404, { code: 'SOURCE_NOT_PLAYABLE' }])
  })
})
