/** Containers without an index: a search lands anywhere, so it must land early enough to meet a key frame. */
const UNINDEXED = /^(mpegts|mpeg)$/
const UNINDEXED_PREROLL_SECONDS = 12

/**
 * Options before `-i` that begin to read with the key frame before `seconds` on the source's clock, which is kept; what lies
 * between is left to the filters.
 */
export function searchFor(container: string, seconds: number): string[] {
  const preroll = UNINDEXED.test(container) ? UNINDEXED_PREROLL_SECONDS : 0
  const from = seconds - preroll
  // A negative `-ss` would count from somewhere else.
  return from > 0 ? ['-copyts', '-noaccurate_seek', '-seek_timestamp', '1', '-ss', from.toFixed(6)] : ['-copyts']
}
