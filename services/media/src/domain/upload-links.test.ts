import { describe, expect, it } from 'vitest'
import { assertLinkTakes, hasEnded, refusalOfUse, typeFault } from './upload-links.ts'

const link = (content_types: string[] | null, max_bytes: string | null = null) => ({ content_types, max_bytes })

describe('what a link takes', () => {
  it.each([
    [['video/mp4'], 'video/mp4'],
    [['video/mp4'], 'Video/MP4; codecs="avc1"'],
    [['audio/mpeg', 'video/*'], 'video/x-matroska'],
    [null, null],
    [null, 'anything'],
  ])('%j takes %j', (types, contentType) => {
    expect(() => assertLinkTakes(link(types), { bytes: 1, contentType })).not.toThrow()
  })

  it.each([
    [['video/mp4'], 'video/mp4x'],
    [['video/mp4'], 'xvideo/mp4'],
    [['video/*'], 'video'],
    [['video/*'], 'audio/mp4'],
    [['video/*'], ' , video/mp4'],
    [['video/mp4'], null],
    [['video/mp4'], ''],
  ])('%j does not take %j', (types, contentType) => {
    expect(() => assertLinkTakes(link(types), { bytes: 1, contentType })).toThrow(
      expect.objectContaining({ code: 'SOURCE_TYPE_UNSUPPORTED' }),
    )
  })

  it('is at most its number of bytes', () => {
    const of = (bytes: number | null) => () => assertLinkTakes(link(null, '10'), { bytes, contentType: null })
    expect(of(10)).not.toThrow()
    expect(of(null)).not.toThrow()
    expect(of(11)).toThrow(expect.objectContaining({ code: 'UPLOAD_TOO_LARGE' }))
  })
})

describe('what a file turns out to be', () => {
  const mp4 = { container: 'mov,mp4,m4a,3gp,3g2,mj2' }
  const webm = { container: 'matroska,webm' }
  it.each([
    [['video/mp4'], mp4],
    [['video/quicktime'], mp4],
    [['video/webm'], webm],
    [['video/*'], { container: 'something new' }],
    [['audio/mp4'], { ...mp4, kind: 'audio' as const }],
    [['audio/*'], { container: 'mp3', kind: 'audio' as const }],
    [['application/octet-stream'], webm],
    [['video/webm', 'video/mp4'], mp4],
  ])('%j takes %j', (types, file) => {
    expect(typeFault(types, file)).toBeNull()
  })

  it.each([
    [['video/mp4'], webm],
    [['video/webm'], mp4],
    [['video/*'], { ...mp4, kind: 'audio' as const }],
    [['audio/*'], mp4],
    [['video/mp4'], { container: 'something new' }],
  ])('%j does not take %j', (types, file) => {
    expect(typeFault(types, file)).toMatchObject({ class: 'input', code: 'SOURCE_TYPE_NOT_ALLOWED' })
  })
})

describe('the end of a link', () => {
  const now = new Date('2026-11-30T12:00:00Z')
  const at = (time: string, revoked_at: Date | null = null) => ({ expires_at: new Date(time), revoked_at })
  it.each([
    ['a valid one', at('2026-11-30T12:00:01Z'), false, 'UPLOAD_LINK_USED_UP'],
    ['an expired one', at('2026-11-30T12:00:00Z'), false, 'UPLOAD_LINK_EXPIRED'],
    ['one that expired a day ago', at('2026-11-29T12:00:00Z'), true, 'UPLOAD_LINK_EXPIRED'],
    ['a revoked one', at('2026-11-30T12:00:01Z', now), true, 'UPLOAD_LINK_REVOKED'],
  ])('%s', (_what, times, ended, code) => {
    expect(hasEnded(times, now)).toBe(ended)
    expect(refusalOfUse(times, now).code).toBe(code)
  })

  it('one that does not exist', () => {
    expect(refusalOfUse(undefined, now).code).toBe('UPLOAD_LINK_NOT_FOUND')
  })
})
