import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { openStore, type Store } from '@kinora/common/storage'
import { privateS3, until } from '@kinora/dev/harness'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OpenedStore, openDisk, openS3 } from './storage-kit.ts'

const UNAVAILABLE = { code: 'DEPENDENCY_UNAVAILABLE', status: 503 }
const LIMIT = { maxBytes: 100_000_000, expectedBytes: null }
const s3 = await privateS3()

describe.each([
  ['disk', openDisk],
  ['S3', () => openS3(s3)],
])('the %s store', (_, open) => {
  let opened: OpenedStore
  beforeAll(async () => {
    opened = await open()
  })
  afterAll(() => opened.close())
  const store = () => opened.store

  async function listed(folder: string): Promise<string[]> {
    const keys: string[] = []
    for await (const key of store().list(folder)) keys.push(key)
    return keys.sort()
  }

  async function folders(folder: string, after?: string): Promise<string[]> {
    const names: string[] = []
    for await (const name of store().listFolders(folder, after)) names.push(name)
    return names
  }

  it.each([
    ['one', 1],
    ['a few', 100_001],
    ['many', 19_000_001],
  ])('gives back %s bytes that were streamed in, with their length and SHA-256', async (_, bytes) => {
    const content = randomBytes(bytes)
    const chunks = Array.from({ length: Math.ceil(bytes / 65_536) }, (_, i) =>
      content.subarray(i * 65_536, (i + 1) * 65_536),
    )
    const key = `sources/written/${bytes}`
    const written = await store().write(key, Readable.from(chunks), LIMIT)

    expect(written).toEqual({ bytes, sha256: createHash('sha256').update(content).digest('hex') })
    expect((await store().stat(key))?.bytes).toBe(bytes)
    expect((await buffer(store().read(key))).equals(content)).toBe(true)
    expect(await opened.unfinished()).toEqual([])
  })

  it('creates an object only where there is none, and moves one to another name', async () => {
    expect(await store().create('created/marker.json', 'first')).toBe(true)
    expect(await store().create('created/marker.json', 'second')).toBe(false)
    await store().move('created/marker.json', 'moved/marker.json')
    expect((await store().get('moved/marker.json')).toString()).toBe('first')
    expect(await store().stat('created/marker.json')).toBeNull()
    expect(await folders('created')).toEqual([])
  })

  it('lists every file of a folder with many, and of those in it', async () => {
    const keys = Array.from({ length: 100 }, (_, i) => `many/${i % 2}/${i}.m4s`)
    for (const key of keys) await store().put(key, 'x')
    expect(await listed('many')).toEqual(keys.sort())
  })

  it('shows nothing of what is being written, and removes what a dead writer has left', async () => {
    let die = () => {}
    const death = new Promise<void>((resolve) => {
      die = resolve
    })
    const writing = store().write('sources/half', Readable.from(halfOf(death)), LIMIT)
    const failed = expect(writing).rejects.toThrow()
    await until(async () => (await opened.unfinished()).length > 0)
    expect(await store().stat('sources/half')).toBeNull()
    expect(await listed('sources')).not.toContain('sources/half')

    await store().removeUnfinished(new Date(Date.now() - 60_000))
    expect(await opened.unfinished()).toHaveLength(1)
    await store().removeUnfinished(new Date(Date.now() + 60_000))
    expect(await opened.unfinished()).toEqual([])
    die()
    await failed
    expect(await store().stat('sources/half')).toBeNull()
  })

  it('reads a range with both ends included', async () => {
    await store().put('a/b', 'kinora')
    expect((await buffer(store().read('a/b', { start: 1, end: 3 }))).toString()).toBe('ino')
  })

  it.each([
    ['longer than allowed', { maxBytes: 4, expectedBytes: null }, 'UPLOAD_TOO_LARGE'],
    ['shorter than announced', { maxBytes: 100, expectedBytes: 9 }, 'UPLOAD_INCOMPLETE'],
    ['longer than announced', { maxBytes: 100, expectedBytes: 5 }, 'UPLOAD_INCOMPLETE'],
  ])('refuses a stream that is %s and leaves nothing behind', async (_, options, code) => {
    const writing = store().write('refused/b', Readable.from([Buffer.from('kinora')]), options)
    await expect(writing).rejects.toMatchObject({ code })
    expect(await store().stat('refused/b')).toBeNull()
    expect(await opened.unfinished()).toEqual([])
  })

  it('calls a stream that breaks off an incomplete upload and leaves nothing behind', async () => {
    const gone = Promise.reject(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }))
    gone.catch(() => {})
    const writing = store().write('broken/b', Readable.from(halfOf(gone)), LIMIT)
    await expect(writing).rejects.toMatchObject({ code: 'UPLOAD_INCOMPLETE' })
    expect(await store().stat('broken/b')).toBeNull()
    expect(await opened.unfinished()).toEqual([])
  })

  it('never shows a reader half of a replaced file', async () => {
    const [a, b] = ['a'.repeat(200_000), 'b'.repeat(200_000)]
    await store().put('v/master.m3u8', a)
    const writes = (async () => {
      for (let i = 0; i < 10; i++) await store().put('v/master.m3u8', i % 2 ? a : b)
    })()
    for (let i = 0; i < 20; i++) expect([a, b]).toContain((await store().get('v/master.m3u8')).toString())
    await writes
  })

  it('moves a finished file in and makes an object readable at a path', async () => {
    const made = join(opened.folder, 'made')
    await writeFile(made, 'segment')
    await store().adopt(made, 'videos/v/1.m4s')
    await expect(stat(made)).rejects.toMatchObject({ code: 'ENOENT' })

    const here = join(opened.folder, 'here')
    await store().materialise('videos/v/1.m4s', here)
    expect(await readFile(here, 'utf8')).toBe('segment')
  })

  it('copies an object, which outlives the one it was copied from', async () => {
    await store().put('sources/a/1', 'source')
    await store().copy('sources/a/1', 'sources/b/2')
    await store().removeFolder('sources/a')
    expect((await store().get('sources/b/2')).toString()).toBe('source')
    await expect(store().copy('sources/a/1', 'sources/c/3')).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
    expect(await opened.unfinished()).toEqual([])
  })

  it('joins pieces, of each as much as was there when it was sealed, and says the same when asked again', async () => {
    const write = (key: string, text: string) => store().writePiece(key, Readable.from([Buffer.from(text)]), 100)
    await write('p/1', 'kin')
    const pieces = [{ key: 'p/1', bytes: await store().sealPiece('p/1') }]
    // Its writer went on after it was sealed.
    await write('p/2', 'ora and more')
    pieces.push({ key: 'p/2', bytes: 3 })
    const written = { bytes: 6, sha256: createHash('sha256').update('kinora').digest('hex') }

    expect(await store().joinPieces(pieces, 'joined/a')).toEqual(written)
    expect((await store().get('joined/a')).toString()).toBe('kinora')
    expect(await store().joinPieces(pieces, 'joined/a')).toEqual(written)
    expect(await store().sealPiece('p/3')).toBe(0)
    await expect(store().writePiece('p/4', Readable.from([Buffer.alloc(101)]), 100)).rejects.toMatchObject({
      code: 'UPLOAD_TOO_LARGE',
    })
  })

  it('keeps what came of a piece whose client has fallen silent', async () => {
    const rest = new Readable({ read() {} })
    rest.push(Buffer.from('kin'))
    const written = store().writePiece('p/6', rest, 100)
    await until(async () => (await store().sealPiece('p/6')) === 3, { timeoutMs: 20_000 })
    rest.push(Buffer.from('ora'))
    rest.push(null)
    expect(await written).toMatchObject({ bytes: 6 })
    expect(await store().sealPiece('p/6')).toBe(6)
  })

  it('makes an object of an only piece, whatever its size', async () => {
    const content = randomBytes(9_000_001)
    const chunks = [content.subarray(0, 8_500_000), content.subarray(8_500_000)]
    const { bytes, sha256 } = await store().writePiece('p/5', Readable.from(chunks), content.length)
    const piece = { key: 'p/5', bytes: await store().sealPiece('p/5') }
    expect(piece.bytes).toBe(bytes)
    expect(await store().joinPieces([{ ...piece, sha256 }], 'joined/b')).toEqual({ bytes, sha256 })
    expect((await store().get('joined/b')).equals(content)).toBe(true)
    expect(await store().joinPieces([piece], 'joined/b')).toEqual({ bytes, sha256 })
  })

  it('lists and removes a folder, and a missing one is empty', async () => {
    for (const key of ['list/x/1', 'list/x/y/2', 'list/xx/3', 'list/z']) await store().put(key, 'content')
    expect(await listed('list/x')).toEqual(['list/x/1', 'list/x/y/2'])
    expect(await folders('list')).toEqual(['x', 'xx'])
    expect(await folders('list', 'x')).toEqual(['xx'])
    await store().removeFolder('list/x')
    expect(await listed('list')).toEqual(['list/xx/3', 'list/z'])
    await store().remove('list/z')
    await store().remove('list/z')
    expect(await listed('list')).toEqual(['list/xx/3'])
    expect(await listed('nothing')).toEqual([])
    expect(await folders('nothing')).toEqual([])
    await store().removeFolder('nothing')
  })

  it.each(['../etc/passwd', '/etc/passwd', 'a//b', 'a/../b', 'a/.hidden', 'a\0b', '', 'a/'])(
    'does not take %j for a key',
    async (key) => {
      await expect(store().put(key, 'x')).rejects.toThrow('not a storage key')
    },
  )

  it('says FILE_NOT_FOUND for what is not there', async () => {
    const missing = { code: 'FILE_NOT_FOUND' }
    await expect(store().get('no/thing')).rejects.toMatchObject(missing)
    await expect(store().materialise('no/thing', join(opened.folder, 'x'))).rejects.toMatchObject(missing)
    expect(await store().stat('no/thing')).toBeNull()
  })
})

describe('a worker on another machine', () => {
  let folder: string
  let store: Store
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kinora-copies-'))
    const { storageUrl, storageCredentials: credentials } = await s3.bucket()
    store = await openStore(storageUrl, { credentials, copies: { dir: join(folder, 'copies'), maxBytes: 10 } })
  })
  afterAll(() => rm(folder, { recursive: true }))
  let places = 0

  async function materialise(key: string): Promise<string> {
    const path = join(folder, `place-${places++}`)
    await store.materialise(key, path)
    return await readFile(path, 'utf8')
  }

  it('fetches a source once, however many ask for it', async () => {
    await store.put('sources/a', 'before')
    expect(await Promise.all(Array.from({ length: 5 }, () => materialise('sources/a')))).toEqual(
      Array(5).fill('before'),
    )
    // It would not be so for a source, which never changes; here it tells where the bytes come from.
    await store.put('sources/a', 'later!')
    expect(await materialise('sources/a')).toBe('before')
    expect(await readdir(join(folder, 'copies'))).toHaveLength(1)
  })

  it('keeps no more than it may, and what was used last', async () => {
    await store.put('sources/b', 'second')
    expect(await materialise('sources/b')).toBe('second')
    await until(async () => (await readdir(join(folder, 'copies'))).length === 1)
    expect(await materialise('sources/a')).toBe('later!')
    await store.put('sources/large', 'more than ten bytes')
    expect(await materialise('sources/large')).toBe('more than ten bytes')
    await until(async () => (await readdir(join(folder, 'copies'))).length === 1)
  })
})

describe('an S3 store that fails', () => {
  let opened: OpenedStore
  beforeAll(async () => {
    opened = await openS3(s3)
  })
  afterAll(() => opened.close())

  it.each([
    ['another secret', { secretAccessKey: 'not this' }, ''],
    ['a bucket that is not there', {}, 'other-'],
  ])('does not open with %s', async (_, change, bucket) => {
    const { storageUrl, storageCredentials } = await s3.bucket()
    const url = storageUrl.replace('://', `://${bucket}`)
    await expect(openStore(url, { credentials: { ...storageCredentials, ...change } })).rejects.toThrow()
  })

  it('is given up after a while when it is frozen, and at once when it is gone, and serves again when it is back', async () => {
    const { store, folder } = opened
    await store.put('a/b', 'kinora')
    await s3.control.pause()
    await expect(store.stat('a/b')).rejects.toMatchObject(UNAVAILABLE)
    await s3.control.resume()
    await s3.control.kill()
    await expectAway(store, folder)
    expect(await readdir(folder)).toEqual(['c'])
    await s3.control.start()
    expect((await store.get('a/b')).toString()).toBe('kinora')
    expect(await store.stat('a/c')).toBeNull()
  })
})

it('a disk that was unmounted is away: nothing is taken in, missed or made anew, and all is there when it is back', async () => {
  const { folder, close } = await openDisk()
  const root = join(folder, 'mounted')
  const disk = await openStore(`file://${root}`)
  await disk.put('a/b', 'kinora')
  await rename(root, `${root}-away`)
  await mkdir(root)
  await expectAway(disk, folder)
  expect(await readdir(root)).toEqual([])
  await rm(root, { recursive: true })
  await rename(`${root}-away`, root)
  expect((await disk.get('a/b')).toString()).toBe('kinora')
  await expect(disk.get('a/c')).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
  await close()
})

/** Whatever is asked of a store with the key `a/b`, it says that it is away; in `folder` nothing but `c` is made. */
async function expectAway(store: Store, folder: string): Promise<void> {
  const some = () => Readable.from([Buffer.from('bytes')])
  const path = join(folder, 'c')
  await writeFile(path, 'made')
  for (const work of [
    () => store.check(),
    () => store.stat('a/b'),
    () => store.get('a/b'),
    () => store.put('a/b', 'x'),
    () => store.write('a/c', some(), LIMIT),
    () => store.writePiece('a/p', some(), 5),
    () => store.adopt(path, 'a/d'),
    () => store.materialise('a/b', join(folder, 'b')),
    () => store.list('a')[Symbol.asyncIterator]().next(),
    () => store.remove('a/b'),
    () => store.removeFolder('a'),
    () => store.removeUnfinished(new Date()),
  ]) {
    await expect(work()).rejects.toMatchObject(UNAVAILABLE)
  }
}

/** Enough to be on its way to the store, then what `end` brings. */
async function* halfOf(end: Promise<unknown>): AsyncGenerator<Buffer> {
  for (let i = 0; i < 150; i++) yield Buffer.alloc(65_536)
  await end
  throw new Error('the writer died')
}
