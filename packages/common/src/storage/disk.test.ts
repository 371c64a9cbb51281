import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStore, type Store } from './index.ts'

const LIMIT = { maxBytes: 10_000_000, expectedBytes: null }

describe('the disk store', () => {
  let root: string
  let store: Store

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'kinora-store-'))
    store = await openStore(`file://${root}`)
  })
  afterEach(() => rm(root, { recursive: true }))

  async function leftovers(): Promise<string[]> {
    return await readdir(join(root, 'incoming'))
  }

  async function listed(folder: string): Promise<string[]> {
    const keys: string[] = []
    for await (const key of store.list(folder)) keys.push(key)
    return keys.sort()
  }

  it('removes what a dead writer has left, and not what is being written', async () => {
    const [dead, alive] = [join(root, 'incoming', 'dead'), join(root, 'incoming', 'alive')]
    for (const path of [dead, alive]) await writeFile(path, 'half')
    await utimes(dead, new Date(1000), new Date(1000))
    await store.removeUnfinished(new Date(Date.now() - 60_000))
    expect(await leftovers()).toEqual(['alive'])
  })

  it('gives back the bytes that were streamed in, with their length and SHA-256', async () => {
    const content = randomBytes(5_000_001)
    const chunks = Array.from({ length: 77 }, (_, i) => content.subarray(i * 65_536, (i + 1) * 65_536))
    const written = await store.write('sources/a/b', Readable.from(chunks), LIMIT)

    expect(written).toEqual({ bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') })
    expect((await buffer(store.read('sources/a/b'))).equals(content)).toBe(true)
    expect(await leftovers()).toEqual([])
  })

  it('reads a range with both ends included', async () => {
    await store.put('a/b', 'kinora')
    expect((await buffer(store.read('a/b', { start: 1, end: 3 }))).toString()).toBe('ino')
  })

  it.each([
    ['longer than allowed', { maxBytes: 4, expectedBytes: null }, 'UPLOAD_TOO_LARGE'],
    ['shorter than announced', { maxBytes: 100, expectedBytes: 9 }, 'UPLOAD_INCOMPLETE'],
    ['longer than announced', { maxBytes: 100, expectedBytes: 5 }, 'UPLOAD_INCOMPLETE'],
  ])('refuses a stream that is %s and leaves nothing behind', async (_, options, code) => {
    await expect(store.write('a/b', Readable.from([Buffer.from('kinora')]), options)).rejects.toMatchObject({ code })
    expect(await store.stat('a/b')).toBeNull()
    expect(await leftovers()).toEqual([])
  })

  it('calls a stream that breaks off an incomplete upload and leaves nothing behind', async () => {
    const broken = Readable.from(
      (async function* () {
        yield Buffer.from('kin')
        throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' })
      })(),
    )
    await expect(store.write('a/b', broken, LIMIT)).rejects.toMatchObject({ code: 'UPLOAD_INCOMPLETE' })
    expect(await leftovers()).toEqual([])
  })

  it('never shows a reader half of a replaced file', async () => {
    const [a, b] = ['a'.repeat(200_000), 'b'.repeat(200_000)]
    await store.put('v/master.m3u8', a)
    const writes = (async () => {
      for (let i = 0; i < 20; i++) await store.put('v/master.m3u8', i % 2 ? a : b)
    })()
    for (let i = 0; i < 40; i++) expect([a, b]).toContain((await store.get('v/master.m3u8')).toString())
    await writes
  })

  it('moves a finished file in and makes an object readable at a path without copying it', async () => {
    const made = join(root, 'made')
    await writeFile(made, 'segment')
    await store.adopt(made, 'videos/v/1.m4s')
    await expect(stat(made)).rejects.toMatchObject({ code: 'ENOENT' })

    const here = join(root, 'here')
    await store.materialise('videos/v/1.m4s', here)
    expect(await readFile(here, 'utf8')).toBe('segment')
    expect((await stat(here)).nlink).toBe(2)
  })

  it('copies an object, which outlives the one it was copied from', async () => {
    await store.put('sources/a/1', 'source')
    await store.copy('sources/a/1', 'sources/b/2')
    await store.removeFolder('sources/a')
    expect((await store.get('sources/b/2')).toString()).toBe('source')
    await expect(store.copy('sources/a/1', 'sources/c/3')).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
    expect(await leftovers()).toEqual([])
  })

  it('lists and removes a folder, and a missing one is empty', async () => {
    await store.put('v/x/1', '1')
    await store.put('v/x/y/2', '2')
    await store.put('v/z', '3')
    expect(await listed('v/x')).toEqual(['v/x/1', 'v/x/y/2'])
    await store.removeFolder('v/x')
    expect(await listed('v')).toEqual(['v/z'])
    expect(await listed('nothing')).toEqual([])
  })

  it.each(['../etc/passwd', '/etc/passwd', 'a//b', 'a/../b', 'a/.hidden', 'a\0b', '', 'a/'])(
    'does not take %j for a key',
    async (key) => {
      await expect(store.put(key, 'x')).rejects.toThrow('not a storage key')
    },
  )

  it('says FILE_NOT_FOUND for what is not there', async () => {
    await expect(store.get('no/thing')).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
    await expect(store.materialise('no/thing', join(root, 'x'))).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
  })
})
