import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { attachment, sourceFilename } from './content-disposition.ts'

it.each([
  ['A day at sea', 'A day at sea 720p.mp4', 'A%20day%20at%20sea%20720p.mp4'],
  ['Übermut', 'Ubermut 720p.mp4', '%C3%9Cbermut%20720p.mp4'],
  ['海', '_ 720p.mp4', '%E6%B5%B7%20720p.mp4'],
  ['../../etc/"passwd"', 'etc passwd 720p.mp4', 'etc%20passwd%20720p.mp4'],
  ['a\\b\u202eexe', 'a bexe 720p.mp4', 'a%20bexe%20720p.mp4'],
  ["it's (100%)*", "it's (100_) 720p.mp4", 'it%27s%20%28100%25%29%20720p.mp4'],
  ['...', 'video 720p.mp4', 'video%20720p.mp4'],
])('a file with the title %j is saved as %j', (title, ascii, encoded) => {
  expect(attachment(title, ' 720p.mp4')).toBe(`attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`)
})

it('a file name is one path segment, whatever the title', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(0x10ffff), { maxLength: 200 }), (points) => {
      const title = String.fromCodePoint(...points)
      const header = attachment(title, '.mp4')
      expect(header).toMatch(/^attachment; filename="[^"\\%/]{5,}"; filename\*=UTF-8''[\w!#$&+.^`|~%-]{5,}$/)
      const name = decodeURIComponent(header.split("''")[1] ?? '')
      expect(name).not.toMatch(/[/\\\p{Cc}\p{Cf}]|^\.|^\s/u)
    }),
  )
})

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

  it('never returns a path, a control character or more than 255 characters', () => {
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
