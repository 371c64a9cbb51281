import { createParser } from 'eventsource-parser'
import { KinoraError } from './errors.ts'
import type { VideoEvent } from './types.ts'

/** The server sends a comment every 15 s; a stream that is silent for longer is held back by a proxy, or lost. */
const SILENCE_MS = 40_000

/**
 * The states of a video, as its stream of events tells them, the present one first. Ends with the stream; throws what `open`
 * throws, and `CONNECTION_FAILED` for a stream that falls silent.
 */
export async function* follow(
  open: (signal: AbortSignal) => Promise<Response>,
  signal?: AbortSignal,
): AsyncGenerator<VideoEvent, void> {
  const silence = new AbortController()
  const both = signal ? AbortSignal.any([signal, silence.signal]) : silence.signal
  let timer = setTimeout(() => silence.abort(), SILENCE_MS)
  const waiting: VideoEvent[] = []
  const parser = createParser({ onEvent: ({ data }) => void waiting.push(JSON.parse(data)) })
  try {
    const { body } = await open(both)
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader()
    for (;;) {
      const read = await reader?.read()
      if (!read || read.done) return
      clearTimeout(timer)
      timer = setTimeout(() => silence.abort(), SILENCE_MS)
      parser.feed(read.value)
      yield* waiting.splice(0)
    }
  } catch (cause) {
    signal?.throwIfAborted()
    if (cause instanceof KinoraError) throw cause
    throw new KinoraError('The stream of events was interrupted', { code: 'CONNECTION_FAILED', cause })
  } finally {
    clearTimeout(timer)
    silence.abort()
  }
}
