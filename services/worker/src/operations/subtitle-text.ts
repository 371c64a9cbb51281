import { MAX_CAPTION_BYTES } from '@kinora/common/contracts'

/** What the reader of captions accepts of one file. */
const [MAX_CUES, MAX_CUE_LINES, MAX_LINE] = [20_000, 50, 2000]

const TIMES = /^(\d{2,3}):(\d{2}):(\d{2}),(\d{3}) --> (\d{2,3}):(\d{2}):(\d{2}),(\d{3})/
/** Between two texts; a text may contain empty lines. */
const NEXT = /\n+(?=\d+\n\d{2,3}:\d{2}:\d{2},\d{3} --> )/

/**
 * SRT as ffmpeg writes it, on the clock of the source, as captions of the video: with its times, without empty lines in texts,
 * control characters and texts outside of the video. Null when no text is left or the file is too long.
 * @param startTime seconds on the clock of the source at which the video begins
 * @param duration seconds
 */
export function captionsOf(
  srt: string,
  { startTime, duration }: { startTime: number; duration: number },
): string | null {
  const offset = Math.round(startTime * 1000)
  const end = Math.round(duration * 1000)
  const cues: string[] = []
  for (const block of srt.replaceAll('\r', '').trim().split(NEXT)) {
    const [, times = '', ...text] = block.split('\n')
    const match = TIMES.exec(times)
    const lines = text.map(cleaned).filter((line) => line !== '')
    if (!match || lines.length === 0) continue
    const [from, to] = [milliseconds(match.slice(1, 5)) - offset, milliseconds(match.slice(5, 9)) - offset]
    const [start, stop] = [Math.max(0, from), Math.min(end, to)]
    if (start >= stop || cues.length >= MAX_CUES) continue
    const shown = lines.slice(0, MAX_CUE_LINES).join('\n')
    cues.push(`${cues.length + 1}\n${timestamp(start)} --> ${timestamp(stop)}\n${shown}\n`)
  }
  const captions = cues.join('\n')
  return cues.length === 0 || Buffer.byteLength(captions) > MAX_CAPTION_BYTES ? null : captions
}

const VTT_TIMES = /^(?:(\d{2,3}):)?(\d{2}:\d{2})\.(\d{3}) --> (?:(\d{2,3}):)?(\d{2}:\d{2})\.(\d{3})/
const VTT_TAG = /<(?!\/?[biu]>)[^<>]{0,300}>/g
const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', nbsp: ' ', lrm: '\u200e', rlm: '\u200f' }

/** WebVTT as SRT: without positions, and with no tags but those that SRT has. */
export function srtOf(vtt: string): string {
  const blocks = vtt.replaceAll('\r', '').split(/\n{2,}/)
  const cues = blocks.flatMap((block) => {
    const lines = block.split('\n')
    const at = lines.findIndex((line) => VTT_TIMES.test(line))
    const match = VTT_TIMES.exec(lines[at] ?? '')
    if (!match) return []
    const [, hours = '00', start, startMs, endHours = '00', end, endMs] = match
    const text = lines.slice(at + 1).map(plainText)
    return [[`${hours}:${start},${startMs} --> ${endHours}:${end},${endMs}`, ...text].join('\n')]
  })
  return cues.map((cue, index) => `${index + 1}\n${cue}\n`).join('\n')
}

function plainText(line: string): string {
  return line.replace(VTT_TAG, '').replace(/&(lt|gt|amp|nbsp|lrm|rlm);/g, (_, name: string) => ENTITIES[name] ?? '')
}

/** An arrow in a text would be taken for times. */
function cleaned(line: string): string {
  return line
    .replace(/[\p{Cc}\p{Cs}]/gu, ' ')
    .replaceAll('-->', '→')
    .trim()
    .slice(0, MAX_LINE)
}

function milliseconds([hours, minutes, seconds, rest]: string[]): number {
  return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000 + Number(rest)
}

function timestamp(ms: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  const seconds = `${two((ms / 1000) % 60)},${String(ms % 1000).padStart(3, '0')}`
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${seconds}`
}
