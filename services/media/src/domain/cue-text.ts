import { escapeVtt } from '@kinora/formats/web-vtt'

const CLASSES = '(?:\\.[\\w-]{1,40})*'
const TIMESTAMP = '(?:\\d{2,}:)?[0-5]\\d:[0-5]\\d\\.\\d{3}'
/** A name in a tag has no equals sign: to who takes it for HTML it must not look like an event handler. */
const NAME = '[ \\t]+[^<>&="]{1,100}'
/** Section 4.2.2 of WebVTT. */
const VTT_TAG = new RegExp(
  `^<(?:/(?:[cibuv]|ruby|rt|lang)|(?:[cibu]|ruby|rt)${CLASSES}|(?:v|lang)${CLASSES}${NAME}|${TIMESTAMP})>$`,
)
const SRT_TAG = /^<\/?[ibu]>$/i
/** Tags of other kinds that programs write into SRT, and nobody means to be read. */
const SRT_STYLE = /<\/?font[^<>]*>|\{\\[^{}]*\}/gi
const ENTITY = /&(?!(?:amp|lt|gt|nbsp|lrm|rlm|#\d{1,7}|#x[\da-fA-F]{1,6});)/g

/** A line of cue text in WebVTT as it may be served to anyone; null when it holds a tag that is none of WebVTT's. */
export function vttLine(line: string): string | null {
  const pieces = line.split(/(<[^>]*>?)/)
  const isSafe = pieces.every((piece) => !piece.startsWith('<') || VTT_TAG.test(piece))
  if (!isSafe) return null
  return pieces.map((piece) => (piece.startsWith('<') ? piece : withEntities(piece))).join('')
}

/** A line of SRT, which knows no entities: all but bold, italic and underlined is text. */
export function srtLine(line: string): string {
  const pieces = line.replace(SRT_STYLE, '').split(/(<\/?[ibu]>)/i)
  return pieces.map((piece) => (SRT_TAG.test(piece) ? piece.toLowerCase() : escapeVtt(piece))).join('')
}

function withEntities(text: string): string {
  return text.replace(ENTITY, '&amp;').replaceAll('>', '&gt;')
}
