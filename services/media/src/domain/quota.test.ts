import type { Limits, Usage } from '@kinora/common/contracts'
import { describe, expect, it } from 'vitest'
import { assertWithinQuota, lengthFault, quotaFor } from './quota.ts'

const NO_LIMITS: Limits = {
  storedBytes: null,
  uploadBytes: null,
  minutes: null,
  videoSeconds: null,
  runningTasks: null,
  sourceDays: null,
}

function usage(has: Partial<Usage>, limits: Partial<Limits>): Usage {
  const nothing = { bytes: 0, retiredBytes: 0, minutes: 0, videos: 0, uploads: 0, runningTasks: 0 }
  return { ...nothing, ...has, limits: { ...NO_LIMITS, ...limits } }
}

describe('the quota for an upload', () => {
  it('is its length, up to the last byte that is allowed', () => {
    expect(quotaFor(400, usage({ bytes: 600 }, { storedBytes: 1000 }))).toBe(400)
    expect(() => quotaFor(401, usage({ bytes: 600 }, { storedBytes: 1000 }))).toThrow(
      'The project uses 600 of 1000 bytes; the file needs 401 more',
    )
  })

  it('is all that is left when its length is not known', () => {
    expect(quotaFor(null, usage({ bytes: 600 }, { storedBytes: 1000, uploadBytes: 5000 }))).toBe(400)
    expect(quotaFor(null, usage({}, { storedBytes: 1000, uploadBytes: 50 }))).toBe(50)
    expect(() => quotaFor(null, usage({ bytes: 1000 }, { storedBytes: 1000 }))).toThrow('needs some more')
  })

  it('is refused to a file that is too large by itself, and to who has no minutes left', () => {
    expect(() => quotaFor(51, usage({}, { uploadBytes: 50 }))).toThrow('at most 50')
    expect(() => quotaFor(1, usage({ minutes: 10 }, { minutes: 10 }))).toThrow('10.0 of 10 minutes')
  })

  it('may be lost to limits that were lowered', () => {
    expect(() => assertWithinQuota(400, usage({ bytes: 1000 }, { storedBytes: 1000 }))).not.toThrow()
    expect(() => assertWithinQuota(400, usage({ bytes: 1000 }, { storedBytes: 999 }))).toThrow('1000 of 999 bytes')
    expect(() => assertWithinQuota(400, usage({ bytes: 400 }, { uploadBytes: 399 }))).toThrow('at most 399')
  })
})

describe('the length of a video', () => {
  it('is a fault where it is too long by itself or with all others', () => {
    expect(lengthFault(60, usage({ minutes: 9 }, { minutes: 10, videoSeconds: 60 }))).toBeNull()
    expect(lengthFault(60.1, usage({}, { videoSeconds: 60 }))).toMatchObject({ class: 'input', code: 'VIDEO_TOO_LONG' })
    expect(lengthFault(61, usage({ minutes: 9 }, { minutes: 10 }))).toMatchObject({ code: 'QUOTA_EXCEEDED' })
  })
})
