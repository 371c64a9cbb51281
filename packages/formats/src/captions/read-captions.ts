import { setImmediate } from 'node:timers/promises'
import { endOfText } from '../text-encoding/end-marks.ts'
import type { Cue } from '../web-vtt.ts'
import { type ReadLine, srtLine, vttLine } from './cue-text.ts'

const MAX_CUES = 20_000
/** More than 20,000 cues need. */
const MAX_LINES = 200_000
/** Characters; a sentence whose words each have a time has some hundred. */
const MAX_LINE = 10_000
/** Lines of one cue. */
const MAX_CUE_LINES = 100

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
  /** A sentence about cues without length, which players do not show; null if there are none. */
  unseen: string | null
}

/** The message begins with the number of the first line that is invalid. */
export class CaptionsError extends Error {
  constructor(line: number, what: string) {
    super(`Line ${line}: ${what}`)
    this.name = 'CaptionsError'
  }
}

export interface ReadOptions {
  /**
   * For files that a program wrote from what it found: control characters, arrows and tags inside a text, for which a file of
   * a person is refused, are replaced or left out.
   */
  lenient?: boolean
  /** Whether a file without any text is valid. */
  mayBeEmpty?: boolean
}

/**
 * The cues of a WebVTT or SRT file; WebVTT is recognised by its first line. The result is safe to serve to anyone. Throws
 * `CaptionsError` for an invalid file.
 */
export function readCaptions(text: string, options: ReadOptions = {}): CaptionFile {
  const steps = captionSteps(text, options)
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

/** The same, with a turn for everything else that the process does after every few hundred cues. */
export async function readCaptionsInTurns(text: string, options: ReadOptions = {}): Promise<CaptionFile> {
  const steps = captionSteps(text, options)
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
    await setImmediate()
  }
}

const STEP_BLOCKS = 500

function* captionSteps(
  file: string,
  { lenient = false, mayBeEmpty = false }: ReadOptions,
): Generator<undefined, CaptionFile> {
  const whole = file.slice(
    0,
    endOfText(file.length, (at) => file.charCodeAt(at)),
  )
  const text = lenient ? cleaned(whole) : whole
  assertWithinBounds(text)
  yield
  const blocks = blocksOf(linesOf(text))
  yield
  const isVtt = /^WEBVTT(?:[ \t]|$)/.test(blocks[0]?.[0].text ?? '')
  const readLine: ReadLine = isVtt ? (line) => vttLine(line, lenient) : srtLine
  const found: ReadCue[] = []
  /** What an empty line may be inside of. */
  let current: ReadCue | 'dropped' | 'nothing' = 'nothing'
  for (const [index, block] of blocks.entries()) {
    if (index % STEP_BLOCKS === 0) yield
    const next = blocks[index + 1]
    if (isVtt && index === 0) assertIsHeader(block)
    else if (isVtt && DROPPED.test(block[0].text)) current = 'dropped'
    else if (isLoneNumber(block, next, found.length)) current = 'nothing'
    else if (current !== 'nothing' && (lenient ? !hasTimes(block) : isContinuation(block))) {
      if (current !== 'dropped') addLines(current, block, readLine)
    } else if (lenient && !isReadable(block)) current = 'dropped'
    else {
      current = readCue(block, readLine)
      if (found.length >= MAX_CUES) throw fault(block[0], `there are more than ${MAX_CUES} cues`)
      found.push(current)
    }
  }
  return captionFile(found, mayBeEmpty)
}

const [TAB, LF, CR, SPACE, DEL, LAST_CONTROL] = [0x09, 0x0a, 0x0d, 0x20, 0x7f, 0x9f]

/** Without control characters, and without arrows in lines that are no times. */
function cleaned(text: string): string {
  const printable = text.replace(/[^\P{Cc}\t\r\n]/gu, ' ')
  if (!printable.includes('-->')) return printable
  return printable
    .split('\n')
    .map((line) => (line.includes('-->') && !TIMES.test(line.trimEnd()) ? line.replaceAll('-->', '→') : line))
    .join('\n')
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

function hasTimes([first, second]: [Line, ...Line[]]): boolean {
  return first.text.includes('-->') || second?.text.includes('-->') === true
}

/** Whether the times of a cue are valid; all others are left out of what a program wrote. */
function isReadable([first, second]: [Line, ...Line[]]): boolean {
  const match = TIMES.exec(first.text) ?? TIMES.exec(second?.text ?? '')
  return match !== null && milliseconds(match.slice(1, 5)) <= milliseconds(match.slice(5, 9))
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

function addLines({ times, lines }: ReadCue, body: readonly Line[], readLine: ReadLine): void {
  if (lines.length + body.length > MAX_CUE_LINES) throw fault(times, `a cue has more than ${MAX_CUE_LINES} lines`)
  for (const line of body) lines.push(safeLine(line, readLine))
}

/** Without cues that have no text. Where a cue has no length, players show nothing; one of a millisecond is the same, and valid. */
function captionFile(found: readonly ReadCue[], mayBeEmpty: boolean): CaptionFile {
  const shown = found.filter(({ lines }) => lines.some((line) => line !== ''))
  if (shown.length === 0 && !mayBeEmpty)
    throw fault({ number: 1 }, 'the file is neither WebVTT nor SRT, or has no text')
  const cues = shown.map(({ start, end, settings, lines }) => {
    return { start, end: Math.max(end, start + 1), settings, text: lines.join('\n') }
  })
  const [unseen, ...others] = shown.filter(({ start, end }) => start === end)
  if (!unseen) return { cues, unseen: null }
  const more = others.length > 0 ? `, and so do ${others.length} others` : ''
  return { cues, unseen: `Line ${unseen.times.number}: the cue ends when it begins${more}; players do not show it.` }
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

function fault({ number }: { number: number }, what: string): CaptionsError {
  return new CaptionsError(number, what)
}
