import type { Transcript } from '../../domain/transcript.ts'
import type { Tools } from '../../infra/run-tool.ts'

/** What turns speech into text: a program of the operator's, or a server. */
export interface TranscriptionEngine {
  /** For the log. */
  description: string
  transcribe(speech: Speech): Promise<Transcript>
}

export interface Speech {
  /** A WAV file: mono, 16 kHz, 16 bits. */
  wav: Buffer
  /** ISO 639 code; undefined where the engine should find out. */
  language: string | undefined
  workspace: string
  /** Log and priority of the task. */
  tools: Tools
  signal: AbortSignal
}
