import { escapeVtt } from '../web-vtt.ts'

/** Characters between `<` and `>`. */
const MAX_TAG = 300

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

/** A line of a cue as WebVTT that is safe to serve to anyone; null when it has what is not allowed. */
export type ReadLine = (line: string) => string | null

/** A line of WebVTT. It may have no tag that WebVTT does not define; with `lenient` such tags are left out. */
export function vttLine(line: string, lenient: boolean): string | null {
  if (!line.includes('<')) return withEntities(line)
  let safe = ''
  let at = 0
  for (let open = line.indexOf('<'); open !== -1; open = line.indexOf('<', at)) {
    const close = line.indexOf('>', open)
    const tag = close === -1 || close - open > MAX_TAG ? '' : line.slice(open, close + 1)
    const isTag = VTT_TAG.test(tag)
    const isUnknown = !isTag && TAG_START.test(line[open + 1] ?? '')
    if (isUnknown && !lenient) return null
    const isDropped = isUnknown && tag !== ''
    safe += withEntities(line.slice(at, open)) + (isTag ? tag : isDropped ? '' : '&lt;')
    at = isTag || isDropped ? close + 1 : open + 1
  }
  return safe + withEntities(line.slice(at))
}

/** A line of SRT, which has no entities: everything but bold, italic and underlined is text. */
export function srtLine(line: string): string {
  const pieces = line.replace(SRT_STYLE, '').split(/(<\/?[ibu]>)/i)
  return pieces.map((piece) => (SRT_TAG.test(piece) ? piece.toLowerCase() : escapeVtt(piece))).join('')
}

function withEntities(text: string): string {
  if (!text.includes('&') && !text.includes('>')) return text
  return text.replace(ENTITY, '&amp;').replaceAll('>', '&gt;')
}
