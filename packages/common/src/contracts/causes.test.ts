import { describe, expect, it, test } from 'vitest'
import { CAUSES, causeOf, knownCause } from './causes.ts'

test.each(Object.entries(CAUSES))(
  '%s is told in one whole sentence that names no part of the machine',
  (code, cause) => {
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/)
    expect(cause.sentence).toMatch(/^[A-Z][^.]*\.$/)
    expect(cause.sentence).not.toMatch(/ffmpeg|[/\\]|\bnull\b|undefined/)
  },
)

describe('what a worker says', () => {
  it('is told on with its own words, under the class that the code has', () => {
    const said = { class: 'host', code: 'SOURCE_CORRUPT', detail: 'The sound of this file cannot be decoded.' } as const
    expect(knownCause(said)).toEqual({ ...said, class: 'input' })
  })

  it('that the table does not have becomes a code of the table, and is retried as the worker meant', () => {
    const said = { class: 'memory', code: 'GPU_ON_FIRE', detail: '/srv/worker: segfault' } as const
    expect(knownCause(said)).toEqual({ ...causeOf('TRANSCODE_FAILED'), class: 'memory' })
  })
})
