import { describe, expect, it } from 'vitest'
import { announcedLength, declaredLength } from './upload-length.ts'

const said = (length: number | null, bytes: number | null, complete: boolean | null = false) => ({
  ...{ length, bytes, complete },
})

describe('the length of a file', () => {
  it.each([
    ['nothing', said(null, 10), 5, null, null],
    ['the end of the last request', said(null, 10, true), 5, null, 15],
    ['a header', said(100, 10), 5, null, 100],
    ['both', said(15, 10, true), 5, 15, 15],
    ['what is known', said(null, null), 5, 100, 100],
    ['nothing, because the last body is chunked', said(null, null, true), 5, null, null],
    ['an empty last request', said(null, 0, true), 5, null, 5],
    ['tus, where no request is the last', said(20, 10, null), 5, null, 20],
  ])('by %s', (_by, declared, offset, known, length) => {
    expect(declaredLength(declared, { offset, known })).toBe(length)
  })

  it.each([
    ['the header differs from what is known', said(99, 10), 5, 100],
    ['the last request ends elsewhere', said(null, 10, true), 5, 100],
    ['the header differs from the end', said(16, 10, true), 5, null],
    ['more bytes come than the file has', said(null, 96), 5, 100],
    ['the file is shorter than what has arrived', said(4, 0), 5, null],
    ['a chunked body follows the last byte', said(null, null, true), 100, 100],
  ])('is refused where %s', (_why, declared, offset, known) => {
    const refused = expect.objectContaining({ code: 'UPLOAD_LENGTH_INCONSISTENT' })
    expect(() => declaredLength(declared, { offset, known })).toThrow(refused)
  })

  it('is not zero', () => {
    const empty = expect.objectContaining({ code: 'UPLOAD_EMPTY' })
    expect(() => announcedLength({ bytes: null, declared: said(null, 0, true) })).toThrow(empty)
    expect(() => announcedLength({ bytes: null, declared: said(0, 0) })).toThrow(empty)
  })

  it('is open until the last request', () => {
    expect(announcedLength({ bytes: 7 })).toEqual({ bytes: 7, open: false })
    expect(announcedLength({ bytes: null, declared: said(7, 0) })).toEqual({ bytes: 7, open: true })
    expect(announcedLength({ bytes: null, declared: said(null, 7, true) })).toEqual({ bytes: 7, open: false })
  })
})
