import { setImmediate } from 'node:timers/promises'
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
const TIME = '(?:(\\d{1,3}):)?([0-5]\\d):([0-5]\\d)[.,](\\d{3})'
const TIMES = new RegExp(`^${TIME}[ \\t]*-->[ \\t]*${TIME}(?:[ \\t](.*))?$`)
const SETTING =
  /^(?:vertical:(?:rl|lr)|line:-?\d{1,4}(?:\.\d{1,4})?%?(?:,(?:start|center|end))?|position:\d{1,3}(?:\.\d{1,4})?%(?:,(?:line-left|center|line-right))?|size:\d{1,3}(?:\.\d{1,4})?%|align:(?:start|center|end|left|right))$/
/** A name, a region and four more are all that a cue can have. */
const MAX_SETTINGS = 20
/** Style sheets and regions are dropped: they could change the page around the player. */
const DROPPED = /^(?:NOTE|STYLE|REGION)(?:[ \t]|$)/
/**
 * The cues of a WebVTT or SRT file; WebVTT is recognised by its first line. The result is safe to serve to anyone. Throws
 * `CAPTIONS_INVALID` with the number of the first invalid line.
 */
export function readCaptions(text: string): Cue[] {
  const steps = captionSteps(text)
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

/** The same, with a turn for everything else that the process does after every few hundred cues. */
export async function readCaptionsInTurns(text: string): Promise<Cue[]> {
  const steps = captionSteps(text)
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
    await setImmediate()
  }
}

const STEP_BLOCKS = 500

function* captionSteps(text: string): Generator<undefined, Cue[]> {
  assertWithinBounds(text)
  yield
  const lines = linesOf(text)
  yield
  const isVtt = /^WEBVTT(?:[ \t]|$)/.test(lines[0]?.text ?? '')
  const cues: Cue[] = []
  for (const [index, block] of blocksOf(lines).entries()) {
    if (index % STEP_BLOCKS === 0) yield
    const cue = isVtt ? vttCue(block, index) : cueOf(block, srtLine)
    if (cue === null || cue.text === '') continue
    if (cues.length >= MAX_CUES) throw fault(block[0], `there are more than ${MAX_CUES} cues`)
    cues.push(cue)
  }
  if (cues.length === 0) throw fault({ number: 1 }, 'the file is neither WebVTT nor SRT, or has no text')
  return cues
}

const [TAB, LF, CR, SPACE, DEL, LAST_CONTROL] = [0x09, 0x0a, 0x0d, 0x20, 0x7f, 0x9f]

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

/** The first block is the header of the file; null for what is not a cue. */
function vttCue(block: [Line, ...Line[]], index: number): Cue | null {
  if (index > 0) return DROPPED.test(block[0].text) ? null : cueOf(block, vttLine)
  const stray = block.find(({ text }) => text.includes('-->'))
  if (stray) throw fault(stray, 'an empty line is missing before these times')
  return null
}

/** A name or number may precede the times. */
function cueOf([first, ...rest]: [Line, ...Line[]], readLine: (line: string) => string | null): Cue {
  const [times, body] = first.text.includes('-->') ? [first, rest] : [rest[0], rest.slice(1)]
  if (!times) throw fault(first, 'a cue has no times')
  if (body.length > MAX_CUE_LINES) throw fault(times, `a cue has more than ${MAX_CUE_LINES} lines`)
  const match = TIMES.exec(times.text)
  if (!match) throw fault(times, 'invalid times; use 00:01:02.500 --> 00:01:04.000')
  const [start, end] = [milliseconds(match.slice(1, 5)), milliseconds(match.slice(5, 9))]
  if (end <= start) throw fault(times, 'a cue must end after it begins')
  const settings = (match[9] ?? '').split(/[ \t]/, MAX_LINE).filter((setting) => setting !== '')
  if (settings.length > MAX_SETTINGS) throw fault(times, 'there are too many settings')
  return {
    start,
    end,
    settings: settings.filter((setting) => SETTING.test(setting)).join(' '),
    text: body.map((line) => safeLine(line, readLine)).join('\n'),
  }
}

function safeLine(line: Line, readLine: (line: string) => string | null): string {
  if (line.text.includes('-->')) throw fault(line, 'an empty line is missing before these times')
  const text = readLine(line.text)
  if (text === null) throw fault(line, 'only WebVTT tags are allowed in a cue')
  return text
}

function milliseconds([hours = '0', minutes = '0', seconds = '0', rest = '0']: (string | undefined)[]): number {
  return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000 + Number(rest)
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

/** A line of WebVTT cue text, safe to serve to anyone; null when it has a tag that WebVTT does not define. */
function vttLine(line: string): string | null {
  if (!line.includes('<')) return withEntities(line)
  let safe = ''
  let at = 0
  for (let open = line.indexOf('<'); open !== -1; open = line.indexOf('<', at)) {
    const close = line.indexOf('>', open)
    if (close === -1 || close - open > MAX_TAG) return null
    const tag = line.slice(open, close + 1)
    if (!VTT_TAG.test(tag)) return null
    safe += withEntities(line.slice(at, open)) + tag
    at = close + 1
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
