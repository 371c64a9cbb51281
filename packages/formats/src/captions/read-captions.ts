import { setImmediate } from 'node:timers/promises'
import { type Warning, warningOf } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { type Cue, escapeVtt } from '@kinora/formats/web-vtt'

/** Of one video. */
export const MAX_CAPTION_LANGUAGES = 50

const MAX_CUES = 20_000
/** More than 20,000 cues need. */
const MAX_LINES = 200_000
/** Characters; a sentence whose words each have a time has some hundred. */
const MAX_LINE = 10_000
/** Lines of one cue. */
const MAX_CUE_LINES = 100
/** Characters between `<` and `>`. */
const MAX_TAG = 300

interface Line {
  number: number
  text: string
}

/*
 * Every expression below is applied to one line or one tag, whose lengths are limited, and none has two parts in a row that
 * could match the same characters: a file takes time in proportion to its length, whatever is in it.
 */
const TIME = '(?:(\\d{1,3}):)?([0-5]?\\d):([0-5]?\\d)(?:[.,](\\d{1,3})\\d{0,6})?'
const TIMES = new RegExp(`^[ \\t]*${TIME}[ \\t]*-->[ \\t]*${TIME}(?:[ \\t](.*))?$`)
const SETTING =
  /^(?:vertical:(?:rl|lr)|line:-?\d{1,4}(?:\.\d{1,4})?%?(?:,(?:start|center|end))?|position:\d{1,3}(?:\.\d{1,4})?%(?:,(?:line-left|center|line-right))?|size:\d{1,3}(?:\.\d{1,4})?%|align:(?:start|center|end|left|right))$/
/** A name, a region and four more are all that a cue can have. */
const MAX_SETTINGS = 20
/** Style sheets and regions are dropped: they could change the page around the player. */
const DROPPED = /^(?:NOTE|STYLE|REGION)(?:[ \t]|$)/
/** What is meant as times, but cannot be read as such, must not become text. */
const LIKE_TIMES = /^[ \t]*\d{1,3}[ \t]?:[ \t]?\d/
const LIKE_ARROW = /[-–—=~]>|→/
const NUMBER = /^\d{1,9}$/

export interface CaptionFile {
  cues: Cue[]
  /** What its owner should know about how the file was understood. */
  warnings: Warning[]
}

/**
 * The cues of a WebVTT or SRT file; WebVTT is recognised by its first line. The result is safe to serve to anyone. Throws
 * `CAPTIONS_INVALID` with the number of the first invalid line.
 */
export function readCaptions(text: string): CaptionFile {
  const steps = captionSteps(text)
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

/** The same, with a turn for everything else that the process does after every few hundred cues. */
export async function readCaptionsInTurns(text: string): Promise<CaptionFile> {
  const steps = captionSteps(text)
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
    await setImmediate()
  }
}

const STEP_BLOCKS = 500

function* captionSteps(file: string): Generator<undefined, CaptionFile> {
  const text = withoutEndMarks(file)
  assertWithinBounds(text)
  yield
  const blocks = blocksOf(linesOf(text))
  yield
  const isVtt = /^WEBVTT(?:[ \t]|$)/.test(blocks[0]?.[0].text ?? '')
  const readLine = isVtt ? vttLine : srtLine
  const found: ReadCue[] = []
  /** What an empty line may be inside of. */
  let current: ReadCue | 'dropped' | 'nothing' = 'nothing'
  for (const [index, block] of blocks.entries()) {
    if (index % STEP_BLOCKS === 0) yield
    const next = blocks[index + 1]
    if (isVtt && index === 0) assertIsHeader(block)
    else if (isVtt && DROPPED.test(block[0].text)) current = 'dropped'
    else if (isLoneNumber(block, next, found.length)) current = 'nothing'
    else if (current !== 'nothing' && isContinuation(block)) {
      if (current !== 'dropped') addLines(current, block, readLine)
    } else {
      current = readCue(block, readLine)
      if (found.length >= MAX_CUES) throw fault(block[0], `there are more than ${MAX_CUES} cues`)
      found.push(current)
    }
  }
  return captionFile(found)
}

const [NUL, TAB, LF, CR, DOS_END, SPACE, DEL, LAST_CONTROL] = [0x00, 0x09, 0x0a, 0x0d, 0x1a, 0x20, 0x7f, 0x9f]

/** Without NUL and the Ctrl-Z of DOS behind the end, which may have empty lines between them. */
function withoutEndMarks(text: string): string {
  let end = text.length
  for (let at = end; at > 0; at -= 1) {
    const code = text.charCodeAt(at - 1)
    if (code === NUL || code === DOS_END) end = at - 1
    else if (code !== LF && code !== CR) break
  }
  return text.slice(0, end)
}

/** Looks at each character once and keeps nothing, so that a file that breaks a limit costs a few milliseconds. */
function assertWithinBounds(text: string): void {
  let [number, start] = [1, 0]
  for (let at = 0; at <= text.length; at += 1) {
    const code = at === text.length ? LF : text.charCodeAt(at)
    if (code === LF || code === CR) {
      if (at - start > MAX_LINE) throw fault({ number }, `a line has more than ${MAX_LINE} characters`)
      if (code === CR && text.charCodeAt(at + 1) === LF) at += 1
      start = at + 1
      number += 1
      if (number > MAX_LINES) throw fault({ number }, `there are more than ${MAX_LINES} lines`)
    } else if ((code < SPACE && code !== TAB) || (code >= DEL && code <= LAST_CONTROL)) {
      throw fault({ number }, 'control characters are not allowed')
    }
  }
}

function linesOf(file: string): Line[] {
  const lines = file.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)
  return lines.map((line, index) => ({ number: index + 1, text: line.trimEnd() }))
}

/** The blocks of lines that empty lines separate. */
function blocksOf(lines: readonly Line[]): [Line, ...Line[]][] {
  const blocks: [Line, ...Line[]][] = []
  let isInside = false
  for (const line of lines) {
    if (line.text === '') isInside = false
    else if (isInside) blocks.at(-1)?.push(line)
    else {
      blocks.push([line])
      isInside = true
    }
  }
  return blocks
}

function assertIsHeader(block: [Line, ...Line[]]): void {
  const stray = block.find(({ text }) => text.includes('-->'))
  if (stray) throw fault(stray, 'an empty line is missing before these times')
}

/** The number of the next cue, in a file with an empty line after each line. */
function isLoneNumber(block: [Line, ...Line[]], next: [Line, ...Line[]] | undefined, cues: number): boolean {
  const [{ text }] = block
  if (block.length > 1 || !NUMBER.test(text) || !next?.[0].text.includes('-->')) return false
  return Number(text) === cues || Number(text) === cues + 1
}

/** Whether this is a further part of a text with an empty line in it: it neither has times nor looks as if it should. */
function isContinuation([first, second]: [Line, ...Line[]]): boolean {
  if (first.text.includes('-->') || second?.text.includes('-->')) return false
  const [times, isSecond] = NUMBER.test(first.text) && second ? [second.text, true] : [first.text, false]
  return !LIKE_TIMES.test(times) || !(isSecond || LIKE_ARROW.test(times))
}

interface ReadCue {
  /** The line with its times. */
  times: Line
  start: number
  end: number
  settings: string
  lines: string[]
}

/** A name or number may precede the times. */
function readCue([first, ...rest]: [Line, ...Line[]], readLine: ReadLine): ReadCue {
  const [times, body] = first.text.includes('-->') ? [first, rest] : [rest[0], rest.slice(1)]
  if (!times) throw fault(first, 'a cue has no times')
  const match = TIMES.exec(times.text)
  if (!match) throw fault(times, 'invalid times; use 00:01:02.500 --> 00:01:04.000')
  const [start, end] = [milliseconds(match.slice(1, 5)), milliseconds(match.slice(5, 9))]
  if (end < start) throw fault(times, 'a cue must not end before it begins')
  const settings = (match[9] ?? '').split(/[ \t]/, MAX_LINE).filter((setting) => setting !== '')
  if (settings.length > MAX_SETTINGS) throw fault(times, 'there are too many settings')
  const cue = { times, start, end, settings: settings.filter((setting) => SETTING.test(setting)).join(' '), lines: [] }
  addLines(cue, body, readLine)
  return cue
}

type ReadLine = (line: string) => string | null

function addLines({ times, lines }: ReadCue, body: readonly Line[], readLine: ReadLine): void {
  if (lines.length + body.length > MAX_CUE_LINES) throw fault(times, `a cue has more than ${MAX_CUE_LINES} lines`)
  for (const line of body) lines.push(safeLine(line, readLine))
}

/** Without cues that have no text. Where a cue has no length, players show nothing; one of a millisecond is the same, and valid. */
function captionFile(found: readonly ReadCue[]): CaptionFile {
  const shown = found.filter(({ lines }) => lines.some((line) => line !== ''))
  if (shown.length === 0) throw fault({ number: 1 }, 'the file is neither WebVTT nor SRT, or has no text')
  const cues = shown.map(({ start, end, settings, lines }) => {
    return { start, end: Math.max(end, start + 1), settings, text: lines.join('\n') }
  })
  const [unseen, ...others] = shown.filter(({ start, end }) => start === end)
  if (!unseen) return { cues, warnings: [] }
  const more = others.length > 0 ? `, and so do ${others.length} others` : ''
  const detail = `Line ${unseen.times.number}: the cue ends when it begins${more}; players do not show it.`
  return { cues, warnings: [warningOf('CAPTIONS_CUE_UNSEEN', detail)] }
}

function safeLine(line: Line, readLine: ReadLine): string {
  if (line.text.includes('-->')) throw fault(line, 'an empty line is missing before these times')
  const text = readLine(line.text)
  if (text === null) throw fault(line, 'only WebVTT tags are allowed in a cue')
  return text
}

/** The part after the point is a decimal fraction of one to three digits, or missing. */
function milliseconds([hours = '0', minutes = '0', seconds = '0', rest = '']: (string | undefined)[]): number {
  return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000 + Number(rest.padEnd(3, '0'))
}

function fault({ number }: { number: number }, what: string): AppError {
  return new AppError('CAPTIONS_INVALID', { detail: `Line ${number}: ${what}` })
}

const CLASSES = '(?:\\.[\\w-]{1,40})*'
const TIMESTAMP = '(?:\\d{2,}:)?[0-5]\\d:[0-5]\\d\\.\\d{3}'
/** A name in a tag has no equals sign: parsed as HTML by mistake, it must not become an event handler. */
const NAME = '[ \\t]+(?![ \\t])[^<>&="]{1,100}'
/** Section 4.2.2 of WebVTT. */
const VTT_TAG = new RegExp(
  `^<(?:/(?:[cibuv]|ruby|rt|lang)|(?:[cibu]|ruby|rt)${CLASSES}|(?:v|lang)${CLASSES}${NAME}|${TIMESTAMP})>$`,
)
const SRT_TAG = /^<\/?[ibu]>$/i
/** Styling that programs write into SRT, and that players do not show. */
const SRT_STYLE = /<\/?font[^<>]*>|\{\\[^{}]*\}/gi
const ENTITY = /&(?!(?:amp|lt|gt|nbsp|lrm|rlm|#\d{1,7}|#x[\da-fA-F]{1,6});)/g

/** What a tag can begin with. Before anything else `<` is text, as in `<3`, though players may take it for a tag. */
const TAG_START = /[A-Za-z/]/

/** A line of WebVTT cue text, safe to serve to anyone; null when it has a tag that WebVTT does not define. */
function vttLine(line: string): string | null {
  if (!line.includes('<')) return withEntities(line)
  let safe = ''
  let at = 0
  for (let open = line.indexOf('<'); open !== -1; open = line.indexOf('<', at)) {
    const close = line.indexOf('>', open)
    const tag = close === -1 || close - open > MAX_TAG ? '' : line.slice(open, close + 1)
    const isTag = VTT_TAG.test(tag)
    if (!isTag && TAG_START.test(line[open + 1] ?? '')) return null
    safe += withEntities(line.slice(at, open)) + (isTag ? tag : '&lt;')
    at = isTag ? close + 1 : open + 1
  }
  return safe + withEntities(line.slice(at))
}

/** A line of SRT, which has no entities: everything but bold, italic and underlined is text. */
function srtLine(line: string): string {
  const pieces = line.replace(SRT_STYLE, '').split(/(<\/?[ibu]>)/i)
  return pieces.map((piece) => (SRT_TAG.test(piece) ? piece.toLowerCase() : escapeVtt(piece))).join('')
}

function withEntities(text: string): string {
  if (!text.includes('&') && !text.includes('>')) return text
  return text.replace(ENTITY, '&amp;').replaceAll('>', '&gt;')
}

/** Tags become part of file names and playlist attributes, so only their characters are allowed. */
const FORM = /^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,5}$/

/** A language tag in the canonical form of BCP 47: `pt-br` is `pt-BR`. Throws `VALIDATION_FAILED` for the field `path`. */
export function languageTag(text: string, path = 'lang'): string {
  try {
    const [tag] = FORM.test(text) ? Intl.getCanonicalLocales(text) : []
    if (tag !== undefined) return tag
  } catch {
    // The form is right, but the tag is not defined.
  }
  throw new AppError('VALIDATION_FAILED', {
    fields: [{ path, message: 'must be a BCP 47 language tag, like pt-BR' }],
  })
}

/** What files say of a track whose language they do not know, or that has none or several (ISO 639-2). */
const NO_LANGUAGE = ['und', 'mis', 'mul', 'zxx']

/** The language tag for what a source says of a track, of ISO 639-2 or BCP 47; null for what names no language. */
export function knownLanguage(text = ''): string | null {
  try {
    const tag = languageTag(text.trim())
    return NO_LANGUAGE.includes(tag) ? null : tag
  } catch (error) {
    if (error instanceof AppError) return null
    throw error
  }
}

/** The name of a language in that language. */
export function languageName(tag: string): string {
  return new Intl.DisplayNames([tag], { type: 'language' }).of(tag) ?? tag
}
