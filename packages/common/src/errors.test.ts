import { describe, expect, it } from 'vitest'
import { AppError, toAppError } from './errors.ts'

describe('toAppError', () => {
  it('keeps an AppError', () => {
    const error = new AppError('VIDEO_NOT_FOUND')
    expect(toAppError(error)).toBe(error)
  })

  it.each(['ECONNREFUSED', '57P01', '08006', '53300'])(
    'takes %s for a dependency that is down, worth a retry',
    (code) => {
      const error = toAppError(Object.assign(new Error('down'), { code }))
      expect(error).toMatchObject({ code: 'DEPENDENCY_UNAVAILABLE', status: 503, retryable: true })
    },
  )

  it.each(['Connection terminated unexpectedly', 'timeout exceeded when trying to connect'])(
    'knows what pg says without a code: %s',
    (message) => {
      expect(toAppError(new Error(message))).toMatchObject({ code: 'DEPENDENCY_UNAVAILABLE', retryable: true })
    },
  )

  it.each([new Error('select password from users'), 'text', null, undefined, { code: 42 }])(
    'tells nothing of what it does not know: %s',
    (thrown) => {
      const error = toAppError(thrown)
      expect(error).toMatchObject({ code: 'INTERNAL', status: 500, message: 'Something went wrong on our side' })
      expect(error.cause).toBe(thrown)
    },
  )
})
