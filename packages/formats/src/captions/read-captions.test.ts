import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { renderVtt } from '../web-vtt.ts'
import { readCaptions, readCaptionsInTurns } from './read-captions.ts'

const vtt = (text: string) => `WEBVTT\n\n00:01.000 --> 00:02.000\n${text}\n`
const srt = (text: string) => `1\n00:00:01,000 --> 00:00:02,000\n${text}\n`
const cuesOf = (file: string) => readCaptions(file).cues
const textOf = (file: string) => cuesOf(file)[0]?.text

describe('a WebVTT file', () => {
  it('is read with its settings and tags, without comments, style sheets and regions', () => {
    const file = `\uFEFFWEBVTT - Made by hand
Kind: captions

NOTE
not shown

STYLE
::cue { background: url(https://evil.test/) }

REGION
id:fred

intro
00:01.000 --> 00:00:02.500 align:start line:-1 region:fred onclick:1
<v Roger Bingham>We are in <c.yellow.bg_blue>New York</c>
<00:00:02.000><lang en-GB>City</lang> & &lt;b&gt; > &nbsp;

100:00:00.000 --> 100:00:01.000
late`
    expect(cuesOf(file)).toEqual([
      {
        start: 1000,
        end: 2500,
        settings: 'align:start line:-1',
        text: '<v Roger Bingham>We are in <c.yellow.bg_blue>New York</c>\n<00:00:02.000><lang en-GB>City</lang> &amp; &lt;b&gt; &gt; &nbsp;',
      },
      { start: 360_000_000, end: 360_001_000, settings: '', text: 'late' },
    ])
  })

  it.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '<c onclick=alert(1)>x</c>',
    '<v onmouseover=alert(1)>x</v>',
    '<v a"b>x',
    '<b',
    '<B>x</B>',
    '<c.x style>y</c>',
    '<iframe/src=x>',
    '</script>',
  ])('with %j in a text is refused', (text) => {
    expect(() => readCaptions(vtt(text))).toThrow('Line 4: only WebVTT tags')
  })
})

describe('an SRT file', () => {
  it('becomes WebVTT', () => {
    const file =
      '1\r\n00:00:01,000 --> 00:00:02,000\r\nHello\r\n<i>world</i>\r\n\r\n2\r\n00:00:03,500 --> 00:00:04,000 X1:10\r\nBye\r\n'
    expect(renderVtt(cuesOf(file))).toBe(`WEBVTT

00:00:01.000 --> 00:00:02.000
Hello
<i>world</i>

00:00:03.500 --> 00:00:04.000
Bye
`)
  })

  it('keeps bold, italic and underlined, and shows every other tag as text', () => {
    const text = '<B>a</B> {\\an8}<font color="red">b</font> <script> & &lt;'
    expect(textOf(srt(text))).toBe('<b>a</b> b &lt;script&gt; &amp; &amp;lt;')
  })
})

describe('a file as players take it', () => {
  it.each([
    ['one digit', '00:01.5', '00:02.0', 1500, 2000],
    ['two digits', '0:00:01,25', '0:00:02,50', 1250, 2500],
    ['no fraction', '00:01', '00:00:02', 1000, 2000],
    ['more digits than three', '00:01.123456', '00:02.000000', 1123, 2000],
    ['a minute and a second of one digit', '0:0:1,0', '0:1:2,0', 1000, 62_000],
  ])('with %s after the point', (_, from, to, start, end) => {
    for (const head of ['', 'WEBVTT\n\n']) {
      expect(cuesOf(`${head}${from} --> ${to}\nx\n`)).toMatchObject([{ start, end, text: 'x' }])
    }
  })

  it.each([
    ['SRT', srt],
    ['WebVTT', vtt],
  ])('keeps a text of %s that has empty lines in it', (_, write) => {
    const file = `${write('Hello\n\nworld\n\n\n- 12:30, you said?')}\n2\n00:00:03.000 --> 00:00:04.000\nBye`
    expect(cuesOf(file).map(({ text }) => text)).toEqual(['Hello\nworld\n- 12:30, you said?', 'Bye'])
  })

  it('with an empty line after each line', () => {
    const file = '1\n00:00:01,000 --> 00:00:02,000\nHello\n\n2\n00:00:03,000 --> 00:00:04,000\n42\n'
    expect(cuesOf(file.replaceAll('\n', '\r\r\n'))).toEqual(cuesOf(file))
  })

  it('drops a comment with an empty line in it, and shows none of it', () => {
    expect(cuesOf(`WEBVTT\n\nNOTE a\n\nb\n\n00:01.000 --> 00:02.000\nx\n`)).toMatchObject([{ text: 'x' }])
  })

  it('has a cue without length, which nobody sees, and tells of it', () => {
    const { cues, unseen } = readCaptions(`${srt('a')}\n2\n00:00:03,000 --> 00:00:03,000\nb\n`)
    expect(cues).toMatchObject([{ text: 'a' }, { start: 3000, end: 3001, text: 'b' }])
    expect(unseen).toMatch(/^Line 6: /)
  })

  it.each([
    ['I <3 you', 'I &lt;3 you'],
    ['<3', '&lt;3'],
    ['a < b <= c', 'a &lt; b &lt;= c'],
    ['<3 <b>x</b> <00:00:01.500>y >', '&lt;3 <b>x</b> <00:00:01.500>y &gt;'],
    ['<<3>>', '&lt;&lt;3&gt;&gt;'],
    ['->', '-&gt;'],
  ])('shows %j as it is', (text, shown) => {
    expect(textOf(vtt(text))).toBe(shown)
  })

  it('with NUL, Ctrl-Z and empty lines behind the end, and before the beginning', () => {
    for (const write of [srt, vtt]) expect(cuesOf(`\n\n${write('x')}\0\x1a\n\0\0`)).toMatchObject([{ text: 'x' }])
  })
})

describe('a broken file', () => {
  it.each([
    ['nothing', '', /Line 1: the file is neither/],
    ['no text', 'WEBVTT\n\nNOTE nothing\n', /Line 1: the file is neither/],
    ['something else', '{"a": 1}', /Line 1: a cue has no times/],
    ['a text without times', 'WEBVTT\n\none\ntwo\n', /Line 4: invalid times/],
    ['times that are none', 'WEBVTT\n\n01 --> 02\nx\n', /Line 3: invalid times/],
    [
      'another arrow',
      `${srt('a')}\n2\n00:00:03,000 -> 00:00:04,000\nx\n`,
      /Line 5: a cue has no times|Line 6: invalid times/,
    ],
    ['a minute of 61 seconds', 'WEBVTT\n\n00:61.000 --> 00:62.000\nx\n', /Line 3: invalid times/],
    ['an end before its beginning', 'WEBVTT\n\n\n00:02.000 --> 00:01.000\nx\n', /Line 4: a cue must not end before/],
    ['two texts that touch', `${srt('a')}${srt('b')}`, /Line 5: an empty line is missing/],
    ['a head that touches a text', 'WEBVTT\n00:01.000 --> 00:02.000\nx\n', /Line 2: an empty line is missing/],
    ['a zero byte', vtt('a\0b'), /Line 4: control characters are not/],
    ['an escape', vtt('a\u001b[2J'), /Line 4: control characters are not/],
  ])('with %s is refused with the line', (_, file, told) => {
    expect(() => readCaptions(file)).toThrow(told)
  })
})

describe('a large file', () => {
  const MEBIBYTE = 1024 * 1024
  const filled = (unit: string) => unit.repeat(MEBIBYTE / unit.length)

  it.each([
    ['empty lines', filled('\n'), /more than 200000 lines/],
    ['lines of Macintosh', filled('\r'), /more than 200000 lines/],
    ['short lines', vtt(filled('a\n')), /more than 200000 lines/],
    ['comments', `WEBVTT\n\n${filled('NOTE\n\n')}`, /more than 200000 lines/],
    ['one line of tags', vtt(filled('<b>')), /Line 4: a line has more than 10000 characters/],
    ['one line of settings', `WEBVTT\n\n00:01.000 --> 00:02.000${filled(' a')}`, /Line 3: a line has more than/],
    ['a cue of many lines', vtt('a\n'.repeat(101)), /Line 3: a cue has more than 100 lines/],
    ['a text of many empty lines', vtt('a\n\n'.repeat(101)), /Line 3: a cue has more than 100 lines/],
    ['a tag that goes on', vtt(`<v${' '.repeat(9000)}=>`), /Line 4: only WebVTT tags/],
    ['many cues', `WEBVTT\n\n${'00:01.000 --> 00:02.000\nx\n\n'.repeat(20_001)}`, /more than 20000 cues/],
  ])('of %s is refused by a limit', (_, file, told) => {
    expect(() => readCaptions(file)).toThrow(told)
  })

  it('of 20,000 cues is read, and the process does other things meanwhile', async () => {
    const file = `WEBVTT\n\n${'00:01.000 --> 00:02.000\n<b>a</b> & b\n\n'.repeat(20_000)}`
    let [turns, reading] = [0, true]
    const other = () => {
      turns += 1
      if (reading) setImmediate(other)
    }
    setImmediate(other)
    expect((await readCaptionsInTurns(file)).cues).toHaveLength(20_000)
    reading = false
    expect(turns).toBeGreaterThanOrEqual(40)
  })
})

describe('a file that a program wrote', () => {
  const lenient = (file: string) => readCaptions(file, { lenient: true, mayBeEmpty: true }).cues

  it.each([
    ['control characters', vtt('a\u0007b'), 'a b'],
    ['an arrow', srt('a --> b'), 'a → b'],
    ['a line like times behind an empty line', srt('a\n\n12:30 -> lunch'), 'a\n12:30 -&gt; lunch'],
    ['a tag that WebVTT does not define', vtt('<font color="x">a</font> <b>c</b> <x'), 'a <b>c</b> &lt;x'],
  ])('may have %s', (_, file, text) => {
    expect(lenient(file).map((cue) => cue.text)).toEqual([text])
    expect(() => readCaptions(file)).toThrow('Line ')
  })

  it('may have cues with times that are none, which are left out, or no text', () => {
    const backwards = '1\n00:00:03,000 --> 00:00:02,000\nlost\n\nlost as well\n\n'
    expect(lenient(`${backwards}${srt('a')}`).map(({ text }) => text)).toEqual(['a'])
    expect(['', 'WEBVTT\n', 'hello\n'].map(lenient)).toEqual([[], [], []])
  })
})

it('nothing that could be a tag of HTML comes out of any file', () => {
  const pieces = fc.constantFrom(
    '<',
    '>',
    '/',
    'b',
    'v ',
    'script',
    '=',
    '"',
    '&',
    ';',
    'lt',
    'x',
    ' ',
    '.',
    '-->',
    '\n',
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 20 }), fc.boolean(), fc.boolean(), (parts, isVtt, lenient) => {
      const text = parts.join('')
      let cues: { text: string }[] = []
      try {
        cues = readCaptions(isVtt ? vtt(text) : srt(text), { lenient }).cues
      } catch (error) {
        expect(error).toMatchObject({ name: 'CaptionsError' })
      }
      for (const cue of cues) {
        const rest = cue.text.replace(/<\/?[biuv]>|<[bv](?:\.\w+)*>|<v(?:\.\w+)* [^<>="&]+>/g, '')
        expect(rest).not.toMatch(/[<>]|&(?!\w+;)/)
      }
    }),
  )
})
