import { expect, it } from 'vitest'
import { allowedRevisions, revisionTag } from './revision-tags.ts'

const json = (video: object) => Buffer.from(JSON.stringify(video))

it('a tag has the revision of the video, whatever its texts look like', () => {
  const texts = { title: '"revision":7,', tags: ['"revision":8'], metadata: { revision: '9', '"revision":6': 'ä' } }
  expect(revisionTag(json({ ...texts, revision: 12 }))).toMatch(/^"r12\.[\w-]{22}"$/)
  expect(revisionTag(json({ revision: 1, title: 'a' }))).not.toBe(revisionTag(json({ revision: 1, title: 'b' })))
})

it('If-Match allows the revisions of its tags', () => {
  const [one, two] = [1, 2].map((revision) => revisionTag(json({ revision })))
  const allowed = (header?: string) => allowedRevisions({ 'if-match': header })
  expect([allowed(), allowed('*'), allowed(' * ')]).toEqual([undefined, undefined, undefined])
  expect(allowed(`${one}, W/${two}`)).toEqual([1, 2])
  for (const header of ['', '"r1"', 'r1', `${one}x`, '"r-1.aaaaaaaaaaaaaaaaaaaaaa"'])
    expect(allowed(header)).toEqual([])
})
