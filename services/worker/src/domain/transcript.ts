import { CaptionsError, readCaptions } from '@kinora/formats/captions'
import { type Cue, escapeVtt } from '@kinora/formats/web-vtt'
import { z } from 'zod'
import { hostFault, type TaskFailure } from './task-failure.ts'

/** What an engine has heard in a piece of audio. */
export interface Transcript {
  /** With times of the piece. */
  cues: Cue[]
  /** As the engine names it; null if it does not. */
  language: string | null
}

/** Bytes of what an engine answers; an hour of speech has some 100 KB. */
export const MAX_TRANSCRIPT_BYTES = 8 * 1024 * 1024
const MAX_SEGMENTS = 20_000
const MAX_TEXT = 2000

const Text = z.string().max(MAX_TEXT)
const Milliseconds = z.number().min(0).max(86_400_000)
const Seconds = z.number().min(0).max(86_400)

/** What whisper.cpp writes with `--output-json`. */
const WhisperJson = z.object({
  result: z
    .object({ language: z.string().max(50) })
    .partial()
    .optional(),
  transcription: z
    .array(z.object({ offsets: z.object({ from: Milliseconds, to: Milliseconds }), text: Text }))
    .max(MAX_SEGMENTS),
})

/** `verbose_json` of OpenAI's API for transcriptions. */
const VerboseJson = z.object({
  language: z.string().max(50).nullish(),
  segments: z.array(z.object({ start: Seconds, end: Seconds, text: Text })).max(MAX_SEGMENTS),
})

/** Reads the JSON of an engine. Throws a failure that names what is wrong. */
export function readTranscriptJson(text: string): Transcript {
  const json = parsed(text)
  const whisper = WhisperJson.safeParse(json)
  if (whisper.success) {
    const { result, transcription } = whisper.data
    const cues = transcription.map(({ offsets: { from, to }, text: words }) => cueOf(from, to, words))
    return { cues: cues.filter((cue) => cue !== null), language: result?.language ?? null }
  }
  const verbose = VerboseJson.safeParse(json)
  if (!verbose.success) throw unreadable('is JSON, but neither of whisper.cpp nor verbose_json')
  const { language = null, segments } = verbose.data
  const cues = segments.map(({ start, end, text: words }) => cueOf(start * 1000, end * 1000, words))
  return { cues: cues.filter((cue) => cue !== null), language }
}

/** Reads the WebVTT or SRT of an engine by the rules for files that people upload. */
export function readTranscriptText(text: string): Transcript {
  try {
    return { cues: readCaptions(text, { mayBeEmpty: true }).cues, language: null }
  } catch (error) {
    if (error instanceof CaptionsError) throw unreadable(`cannot be read as captions: ${error.message}`)
    throw error
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw unreadable('is not JSON')
  }
}

/** Null for what has no text or no length. */
function cueOf(start: number, end: number, text: string): Cue | null {
  const words = text.replace(/[\p{Cc}\p{Cs}\s]+/gu, ' ').trim()
  const [from, to] = [Math.round(start), Math.round(end)]
  return words === '' || to <= from ? null : { start: from, end: to, settings: '', text: escapeVtt(words) }
}

function unreadable(what: string): TaskFailure {
  return transcriptionFailed(`The engine for automatic captions answered what ${what}.`)
}

export function transcriptionFailed(detail?: string, diagnosis?: string): TaskFailure {
  return hostFault('TRANSCRIPTION_FAILED', detail, diagnosis)
}

const CODE = /^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,5}$/

/** The code of a language that an engine has named by its code or its English name; null for every other word. */
export function languageCode(name: string | null): string | null {
  if (name === null) return null
  if (CODE.test(name)) return name
  return namesOfLanguages().get(name.trim().toLowerCase()) ?? null
}

let names: ReadonlyMap<string, string> | undefined

function namesOfLanguages(): ReadonlyMap<string, string> {
  names ??= englishNames()
  return names
}

/** Of all languages with a code of two letters. */
function englishNames(): Map<string, string> {
  const english = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' })
  const letters = [...'abcdefghijklmnopqrstuvwxyz']
  const codes = letters.flatMap((first) => letters.map((second) => first + second))
  // The first code counts: later ones are former codes of the same language, or a macrolanguage.
  return new Map(codes.reverse().map((code) => [english.of(code)?.toLowerCase() ?? code, code]))
}

/** Whisper knows Norwegian and Filipino by these codes only. */
const CODES_OF_ENGINES: Record<string, string> = { nb: 'no', fil: 'tl' }

/** The language as engines take it; undefined where they should find out. */
export function spokenLanguage(tag: string | null): string | undefined {
  const [code = ''] = tag?.toLowerCase().split('-') ?? []
  return code === '' ? undefined : (CODES_OF_ENGINES[code] ?? code)
}
