import { AppError } from '@kinora/common/errors'
import { type Cue, escapeVtt } from '@kinora/formats/web-vtt'

const MAX_CUES = 20_000

interface Line {
  number: number
  text: string
}

const TIME = '(?:(\\d{1,3}):)?([0-5]\\d):([0-5]\\d)[.,](\\d{3})'
const TIMES = new RegExp(`^${TIME}[ \\t]*-->[ \\t]*${TIME}(?:[ \\t]+(.*))?$`)
const SETTING =
  /^(?:vertical:(?:rl|lr)|line:-?\d{1,4}(?:\.\d{1,4})?%?(?:,(?:start|center|end))?|position:\d{1,3}(?:\.\d{1,4})?%(?:,(?:line-left|center|line-right))?|size:\d{1,3}(?:\.\d{1,4})?%|align:(?:start|center|end|left|right))$/
/** Style sheets and regions are dropped: they could change the page around the player. */
const DROPPED = /^(?:NOTE|STYLE|REGION)(?:[ \t]|$)/
const CONTROL = /[^\P{Cc}\t]/u

/**
 * The cues of a WebVTT or SRT file; WebVTT is recognised by its first line. The result is safe to serve to anyone. Throws
 * `CAPTIONS_INVALID` with the number of the first invalid line.
 */
export function readCaptions(text: string): Cue[] {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .map((line, index) => ({ number: index + 1, text: line.trimEnd() }))
  const control = lines.find((line) => CONTROL.test(line.text))
  if (control) throw fault(control, 'control characters are not allowed')
  const blocks = blocksOf(lines)
  const isVtt = /^WEBVTT(?:[ \t]|$)/.test(lines[0]?.text ?? '')
  const cues = isVtt ? blocks.flatMap(vttCues) : blocks.map((block) => cueOf(block, srtLine))
  const shown = cues.filter(({ text }) => text !== '')
  if (shown.length === 0) throw fault({ number: 1 }, 'the file is neither WebVTT nor SRT, or has no text')
  if (shown.length > MAX_CUES) throw fault(lines.at(-1) ?? { number: 1 }, `there are more than ${MAX_CUES} cues`)
  return shown
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

/** The first block is the header of the file. */
function vttCues(block: [Line, ...Line[]], index: number): Cue[] {
  if (index > 0) return DROPPED.test(block[0].text) ? [] : [cueOf(block, vttLine)]
  const stray = block.find(({ text }) => text.includes('-->'))
  if (stray) throw fault(stray, 'an empty line is missing before these times')
  return []
}

/** A name or number may precede the times. */
function cueOf([first, ...rest]: [Line, ...Line[]], readLine: (line: string) => string | null): Cue {
  const [times, body] = first.text.includes('-->') ? [first, rest] : [rest[0], rest.slice(1)]
  if (!times) throw fault(first, 'a cue has no times')
  const match = TIMES.exec(times.text)
  if (!match) throw fault(times, 'invalid times; use 00:01:02.500 --> 00:01:04.000')
  const [start, end] = [milliseconds(match.slice(1, 5)), milliseconds(match.slice(5, 9))]
  if (end <= start) throw fault(times, 'a cue must end after it begins')
  const settings = (match[9] ?? '').split(/[ \t]+/).filter((setting) => SETTING.test(setting))
  return { start, end, settings: settings.join(' '), text: body.map((line) => safeLine(line, readLine)).join('\n') }
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
const NAME = '[ \\t]+[^<>&="]{1,100}'
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
  const pieces = line.split(/(<[^>]*>?)/)
  const isSafe = pieces.every((piece) => !piece.startsWith('<') || VTT_TAG.test(piece))
  if (!isSafe) return null
  return pieces.map((piece) => (piece.startsWith('<') ? piece : withEntities(piece))).join('')
}

/** A line of SRT, which has no entities: everything but bold, italic and underlined is text. */
function srtLine(line: string): string {
  const pieces = line.replace(SRT_STYLE, '').split(/(<\/?[ibu]>)/i)
  return pieces.map((piece) => (SRT_TAG.test(piece) ? piece.toLowerCase() : escapeVtt(piece))).join('')
}

function withEntities(text: string): string {
  return text.replace(ENTITY, '&amp;').replaceAll('>', '&gt;')
}

/** Tags become part of file names and playlist attributes, so only their characters are allowed. */
const FORM = /^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,5}$/

/** A language tag in the canonical form of BCP 47: `pt-br` is `pt-BR`. Throws `VALIDATION_FAILED`. */
export function languageTag(text: string): string {
  try {
    const [tag] = FORM.test(text) ? Intl.getCanonicalLocales(text) : []
    if (tag !== undefined) return tag
  } catch {
    // The form is right, but the tag is not defined.
  }
  throw new AppError('VALIDATION_FAILED', {
    fields: [{ path: 'lang', message: 'must be a BCP 47 language tag, like pt-BR' }],
  })
}

/** The name of a language in that language. */
export function languageName(tag: string): string {
  return new Intl.DisplayNames([tag], { type: 'language' }).of(tag) ?? tag
}
