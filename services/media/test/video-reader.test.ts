import { randomUUID } from 'node:crypto'
import { connectDb } from '@kinora/common/db'
import { createLogger } from '@kinora/common/service'
import { useTestEnvironment } from '@kinora/dev/harness'
import { afterAll, expect, test } from 'vitest'
import type { MediaDb } from '../src/db/schema.ts'
import { insertVideo, videoReader } from '../src/repositories/videos.ts'

const world = await useTestEnvironment()
const db = connectDb<MediaDb>({
  url: world.databaseUrl('media'),
  schema: 'media',
  logger: createLogger('test', 'silent'),
})
afterAll(() => db.destroy())

const insert = (title: string) =>
  insertVideo(db, {
    id: randomUUID(),
    ownerId: randomUUID(),
    projectId: randomUUID(),
    title,
    description: '',
    tags: [],
    visibility: 'private',
  })

test('each who asks at the same moment gets the row they asked for, or none', async () => {
  const read = videoReader(db)
  const rows = [await insert('one'), await insert('two')]
  const [one, two] = rows.map(({ id }) => id) as [string, string]
  const found = await Promise.all([read(two), read(randomUUID()), read(one), read(two)])
  expect(found.map((row) => row?.title)).toEqual(['two', undefined, 'one', 'two'])
})

test('who asks after a change sees it, also while an earlier question is under way', async () => {
  const read = videoReader(db)
  const { id } = await insert('before')
  const early = read(id)
  await db.updateTable('videos').set({ title: 'after' }).where('id', '=', id).execute()
  expect((await read(id))?.title).toBe('after')
  expect(['before', 'after']).toContain((await early)?.title)
})

test('a question that PostgreSQL refuses fails for those who asked it, and the next one is answered', async () => {
  const read = videoReader(db)
  const { id } = await insert('here')
  const refused = await Promise.allSettled([read('not an id'), read(id)])
  expect(refused.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect((await read(id))?.title).toBe('here')
})
