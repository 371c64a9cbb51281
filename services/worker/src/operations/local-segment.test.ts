import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { box } from '../../../../packages/formats/test/support/boxes.ts'
import { completeFirstSegment } from './local-segment.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kinora-first-segment-'))
})
afterEach(() => rm(folder, { recursive: true }))

const header = Buffer.concat([box('ftyp'), box('moov', Buffer.from('tracks'))])
const fragments = Buffer.concat([box('moof', Buffer.from('one')), box('mdat', Buffer.from('frame'))])

async function complete(init: Buffer, segment: Buffer): Promise<{ given: Buffer; init: Buffer; segment: Buffer }> {
  await writeFile(join(folder, 'init.mp4'), init)
  await writeFile(join(folder, '3.m4s'), segment)
  const given = await completeFirstSegment(folder, 3)
  return { given, init: await readFile(join(folder, 'init.mp4')), segment: await readFile(join(folder, '3.m4s')) }
}

it('moves fragments after the header into the segment, after its type', async () => {
  const last = box('moof', Buffer.from('last'))
  const done = await complete(Buffer.concat([header, fragments]), Buffer.concat([box('styp'), last]))
  expect(done).toEqual({ given: header, init: header, segment: Buffer.concat([box('styp'), fragments, last]) })
})

it('leaves files alone that are as they should be', async () => {
  const segment = Buffer.concat([box('styp'), fragments])
  expect(await complete(header, segment)).toEqual({ given: header, init: header, segment })
})
