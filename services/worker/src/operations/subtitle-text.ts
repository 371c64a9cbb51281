import { MAX_CAPTION_BYTES } from '@kinora/common/contracts'
import { CaptionsError, readCaptions } from '@kinora/formats/captions'
import { type Cue, renderVtt } from '@kinora/formats/web-vtt'

/**
 * SRT or WebVTT as ffmpeg writes it, on the clock of the source, as WebVTT with the times of the video, without texts outside
 * of it. Null when no text is left or the file is too long.
 * @param startTime seconds on the clock of the source at which the video begins
 * @param duration seconds
 */
export function captionsOf(
  text: string,
  { startTime, duration }: { startTime: number; duration: number },
): string | null {
  const cues = within(cuesOf(text), Math.round(startTime * 1000), Math.round(duration * 1000))
  const captions = renderVtt(cues)
  return cues.length === 0 || Buffer.byteLength(captions) > MAX_CAPTION_BYTES ? null : captions
}

function cuesOf(text: string): Cue[] {
  try {
    return readCaptions(text, { lenient: true, mayBeEmpty: true }).cues
  } catch (error) {
    if (error instanceof CaptionsError) return []
    throw error
  }
}

/** The cues of `length` milliseconds from `offset` on, with times from there. */
export function within(cues: readonly Cue[], offset: number, length: number): Cue[] {
  const moved = cues.map((cue) => {
    return { ...cue, start: Math.max(0, cue.start - offset), end: Math.min(length, cue.end - offset) }
  })
  return moved.filter(({ start, end }) => start < end)
}
