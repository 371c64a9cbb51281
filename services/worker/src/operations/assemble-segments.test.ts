import { expect, it } from 'vitest'
import { box } from '../../../../packages/formats/test/support/boxes.ts'
import { splitFirst } from './assemble-segments.ts'

const header = Buffer.concat([box('ftyp'), box('moov', Buffer.from('tracks'))])
const fragments = Buffer.concat([box('moof', Buffer.from('one')), box('mdat', Buffer.from('frame'))])

it('moves fragments after the header into the first group, after its type', () => {
  const last = box('moof', Buffer.from('last'))
  const parts = splitFirst(Buffer.concat([header, fragments]), Buffer.concat([box('styp'), last]))
  expect(parts).toEqual({ init: header, group: Buffer.concat([box('styp'), fragments, last]) })
})

it('leaves files alone that are as they should be', () => {
  const group = Buffer.concat([box('styp'), fragments])
  expect(splitFirst(header, group)).toEqual({ init: header, group })
})
