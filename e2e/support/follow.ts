import type { Video } from './api-types.ts'
import type { Client } from './client.ts'

export type VideoEvent = {
  event: string
  id: string | undefined
  data: Pick<Video, 'status' | 'playable' | 'progress' | 'error'>
}

export type FollowOptions = { lastEventId?: string; signal: AbortSignal }

/**
 * The server-sent events of a video (WHATWG HTML section 9.2.6), as an EventSource would hand them out, until the server
 * ends the stream or the signal is given.
 */
export async function* follow(client: Client, videoId: string, options: FollowOptions): AsyncGenerator<VideoEvent> {
  const answer = await fetch(new URL(`/v1/videos/${videoId}/events`, client.baseUrl), {
    headers: {
      accept: 'text/event-stream',
      ...client.headers,
      ...(options.lastEventId !== undefined && { 'last-event-id': options.lastEventId }),
    },
    signal: options.signal,
  })
  if (answer.status !== 200 || !answer.body) throw new Error(`The stream was refused with ${answer.status}`)
  const type = answer.headers.get('content-type')
  if (type !== 'text/event-stream') throw new Error(`The stream has the type ${type}`)
  let buffered = ''
  for await (const text of answer.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (buffered + text).split('\n\n')
    buffered = blocks.pop() ?? ''
    for (const block of blocks) {
      const event = parseBlock(block)
      if (event) yield event
    }
  }
}

/** Null for a block without data: comments and `retry`. */
function parseBlock(block: string): VideoEvent | null {
  const fields = new Map<string, string>()
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).replace(/^ /, ''))
  }
  const data = fields.get('data')
  return data === undefined
    ? null
    : { event: fields.get('event') ?? 'message', id: fields.get('id'), data: JSON.parse(data) }
}
