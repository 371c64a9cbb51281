import { AppError } from '@kinora/common/errors'
import { describe, expect, it } from 'vitest'
import { problemBody } from './problem.ts'

const invalid = (fields: { path: string; message: string }[]) =>
  problemBody(new AppError('VALIDATION_FAILED', { fields }), 'r1', 'https://x.test/')

describe('the detail of a problem', () => {
  it('names the fields that are wrong', () => {
    const title = { path: 'title', message: 'Too small' }
    expect(invalid([title])).toMatchObject({ detail: 'title: Too small', errors: [title] })
    expect(invalid([{ path: '', message: 'Send one of code and passkey' }]).detail).toBe('Send one of code and passkey')
  })

  it('counts what it does not list', () => {
    const fields = ['a', 'b', 'c', 'd', 'e'].map((path) => ({ path, message: 'Unknown field' }))
    expect(invalid(fields).detail).toBe('a: Unknown field; b: Unknown field; c: Unknown field; and 2 more')
  })

  it('is the detail of the error, else its title', () => {
    const fields = [{ path: 'q', message: 'Too small' }]
    expect(
      problemBody(new AppError('VALIDATION_FAILED', { fields, detail: 'Not found' }), 'r1', 'https://x.test/').detail,
    ).toBe('Not found')
    expect(problemBody(new AppError('VIDEO_NOT_FOUND'), 'r1', 'https://x.test/')).toMatchObject({
      detail: problemBody(new AppError('VIDEO_NOT_FOUND'), 'r2', 'https://x.test/').title,
    })
  })
})
