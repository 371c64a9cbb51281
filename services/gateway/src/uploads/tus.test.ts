import { describe, expect, it } from 'vitest'
import { parseUploadMetadata } from './tus.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')

describe('Upload-Metadata', () => {
  it('is pairs of a key and a base64 value, which may be empty or missing', () => {
    const header = `filename ${base64('Möwe.mp4')}, title ${base64('A day at sea')},empty ,private`
    expect([...parseUploadMetadata(header)]).toEqual([
      ['filename', 'Möwe.mp4'],
      ['title', 'A day at sea'],
      ['empty', ''],
      ['private', ''],
    ])
    expect(parseUploadMetadata(undefined).size).toBe(0)
    expect(parseUploadMetadata('').size).toBe(0)
  })

  it.each([
    ['not base64', 'title a_b'],
    ['without a key', ',title YQ=='],
    ['with a key twice', 'title YQ==,title YQ=='],
    ['not UTF-8', `title ${Buffer.from([0xff, 0xfe]).toString('base64')}`],
    ['too long', `title ${'A'.repeat(9000)}`],
  ])('%s is refused', (_, header) => {
    expect(() => parseUploadMetadata(header)).toThrow(expect.objectContaining({ code: 'VALIDATION_FAILED' }))
  })
})
