/**
 * What the player shows: `loading` before the first answer, `no-source` before the upload, `processing` until the first
 * seconds can be played, `source` while the uploaded file plays as it is, `growing` while it plays and is still being made, `playing` when it is whole.
 */
export type PlayerState =
  | 'loading'
  | 'no-source'
  | 'processing'
  | 'source'
  | 'growing'
  | 'playing'
  | 'failed'
  | 'not-found'
  | 'denied'
  | 'unavailable'
  | 'unsupported'

/** States in which the controls are shown. */
export function isPlayed(state: PlayerState): state is 'source' | 'growing' | 'playing' {
  return state === 'playing' || state === 'growing' || state === 'source'
}

/** `1:02:03`, as players show a length. */
export function clock(seconds: number): string {
  const whole = Math.floor(seconds)
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  const two = (value: number) => String(value).padStart(2, '0')
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`
}
