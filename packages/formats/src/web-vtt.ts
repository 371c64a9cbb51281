/** One text and when it is shown, in milliseconds. */
export interface Cue {
  start: number
  end: number
  /** Position on the frame, as WebVTT cue settings; if empty, the player chooses. */
  settings: string
  /** One or more lines with the tags and entities of WebVTT. */
  text: string
}

/** A WebVTT file of these cues (https://www.w3.org/TR/webvtt1/). `header` lines follow directly below the first line. */
export function renderVtt(cues: readonly Cue[], header: readonly string[] = []): string {
  const blocks = cues.map(({ start, end, settings, text }) => {
    const times = `${timestamp(start)} --> ${timestamp(end)}`
    return `${settings === '' ? times : `${times} ${settings}`}\n${text}\n`
  })
  return [['WEBVTT', ...header, ''].join('\n'), ...blocks].join('\n')
}

export function escapeVtt(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function timestamp(ms: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  const seconds = `${two((ms / 1000) % 60)}.${String(ms % 1000).padStart(3, '0')}`
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${seconds}`
}
