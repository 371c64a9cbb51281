import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sourceFilename } from './source-filename.ts'

describe('sourceFilename', () => {
  it.each([
    ['attachment; filename="clip.mp4"', 'clip.mp4'],
    ['attachment; filename=clip.mp4', 'clip.mp4'],
    ['attachment;FILENAME = "my clip.mp4"', 'my clip.mp4'],
    ['attachment; filename="a \\"b\\".mp4"', 'a "b".mp4'],
    ['attachment; filename="C:\\videos\\clip.mp4"', 'clip.mp4'],
    ['attachment; filename="/etc/passwd"', 'passwd'],
    ['attachment; filename="plain.mp4"; filename*=UTF-8\'\'na%C3%AFve.mp4', 'naïve.mp4'],
    ["attachment; filename*=iso-8859-1'de'%FCber.mp4", 'über.mp4'],
    [Buffer.from('attachment; filename="größe.mp4"').toString('latin1'), 'größe.mp4'],
    ["attachment; filename*=UTF-8''%E0%A4%A", null],
    [`attachment; filename="${'x'.repeat(300)}.mp4"`, `${'x'.repeat(251)}.mp4`],
    ['attachment; filename=".."', null],
    ['attachment; filename=""', null],
    ['attachment', null],
    [undefined, null],
  ])('reads %j as %j', (header, name) => {
    expect(sourceFilename(header)).toBe(name)
  })

  it('never gives a path, a control character or more than 255 characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), (text) => {
        const name = sourceFilename(`attachment; filename*=UTF-8''${encodeURIComponent(text)}`) ?? 'x'
        expect(name).not.toMatch(/[/\\\p{Cc}\p{Cs}]/u)
        expect(name.length).toBeGreaterThan(0)
        expect(name.length).toBeLessThanOrEqual(255)
      }),
    )
  })
})
