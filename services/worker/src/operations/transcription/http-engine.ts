import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { hostFault } from '../../domain/task-failure.ts'
import {
  MAX_TRANSCRIPT_BYTES,
  readTranscriptJson,
  readTranscriptText,
  type Transcript,
  transcriptionFailed,
} from '../../domain/transcript.ts'
import type { Speech, TranscriptionEngine } from './engine.ts'

export interface HttpSettings {
  url: URL
  model: string
  format: 'verbose_json' | 'vtt'
  /** Empty for a server that wants none. */
  apiKey: string
  /** Seconds of one request. */
  seconds: number
}

/**
 * Asks a server that has OpenAI's `POST /v1/audio/transcriptions`. Not by `fetch`, which gives up after five minutes without an
 * answer; redirections are not followed, so the key goes nowhere else.
 */
export function httpEngine(settings: HttpSettings): TranscriptionEngine {
  const { url, format, seconds } = settings
  return {
    description: `the server ${url.origin}`,
    async transcribe(speech: Speech): Promise<Transcript> {
      const deadline = AbortSignal.timeout(seconds * 1000)
      const signal = AbortSignal.any([speech.signal, deadline])
      try {
        const text = await ask(settings, speech, signal)
        return format === 'vtt' ? readTranscriptText(text) : readTranscriptJson(text)
      } catch (error) {
        speech.signal.throwIfAborted()
        if (deadline.aborted) throw hostFault('TIMED_OUT', 'Making automatic captions took longer than allowed.')
        throw error
      }
    },
  }
}

async function ask({ url, model, format, apiKey }: HttpSettings, { wav, language }: Speech, signal: AbortSignal) {
  const form = new FormData()
  form.set('file', new Blob([new Uint8Array(wav)], { type: 'audio/wav' }), 'speech.wav')
  form.set('model', model)
  form.set('response_format', format)
  if (language !== undefined) form.set('language', language)
  const encoded = new Response(form)
  const body = Buffer.from(await encoded.arrayBuffer())
  const headers = {
    'content-type': encoded.headers.get('content-type') ?? '',
    'content-length': body.length,
    ...(apiKey !== '' && { authorization: `Bearer ${apiKey}` }),
  }
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest
  const request = send(url, { method: 'POST', headers, signal })
  const response = await answerTo(request, body).catch((error: Error) => {
    throw transcriptionFailed('The server for automatic captions does not answer.', error.message)
  })
  const text = await contentOf(response)
  if (response.statusCode === 200) return text
  const detail = `The server for automatic captions answered with ${response.statusCode}.`
  throw transcriptionFailed(detail, text.slice(0, 1000))
}

function answerTo(request: ClientRequest, body: Buffer): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve).on('error', reject).end(body)
  })
}

async function contentOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > MAX_TRANSCRIPT_BYTES) break
      chunks.push(chunk)
    }
  } catch (error) {
    throw transcriptionFailed('The server for automatic captions broke off its answer.', (error as Error).message)
  }
  if (bytes > MAX_TRANSCRIPT_BYTES) throw transcriptionFailed('The server for automatic captions answered too much.')
  return Buffer.concat(chunks).toString('utf8')
}
