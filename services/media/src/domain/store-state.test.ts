import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type Compared, compareStore } from './store-state.ts'

const installation = randomUUID()
const revision = randomUUID()
const marked = (change: Partial<Compared> = {}): Compared => ({
  installation,
  revisions: [revision, null, revision, null],
  marker: { installation, revision },
  claimedBefore: true,
  files: 'none',
  hasVideos: false,
  ...change,
})
const unmarked = (change: Partial<Compared> = {}): Compared =>
  marked({ marker: null, claimedBefore: false, revisions: [null, null, null, null], ...change })

describe('a store', () => {
  it.each<[string, Compared, ReturnType<typeof compareStore>]>([
    ['has the marker that the database knows', marked(), 'own'],
    ['has the marker that is written next', marked({ revisions: [randomUUID(), revision] }), 'own'],
    ['was revised while it was read', marked({ revisions: [randomUUID(), null, revision, null] }), 'own'],
    ['has a revision that the database does not know', marked({ revisions: [randomUUID(), null] }), 'diverged'],
    ['is another installation’s', marked({ marker: { installation: randomUUID(), revision } }), 'foreign'],
    ['is new, as the database is', unmarked(), 'claimable'],
    ['has only known files and was used before there were markers', unmarked({ files: 'all known' }), 'claimable'],
    ['has files that are not known', unmarked({ files: 'some unknown' }), 'unmarked'],
    ['lost its marker', unmarked({ files: 'all known', claimedBefore: true }), 'unmarked'],
    ['is empty, and the database has videos', unmarked({ hasVideos: true }), 'empty'],
    ['is empty, and the database had another', unmarked({ claimedBefore: true }), 'empty'],
  ])('that %s', (_, compared, state) => {
    expect(compareStore(compared)).toBe(state)
  })
})
