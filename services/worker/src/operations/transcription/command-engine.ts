import { lstat, readFile, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { causeOf } from '@kinora/common/contracts'
import { hostFault, TaskFailure } from '../../domain/task-failure.ts'
import {
  MAX_TRANSCRIPT_BYTES,
  readTranscriptJson,
  readTranscriptText,
  type Transcript,
  transcriptionFailed,
} from '../../domain/transcript.ts'
import { runTool, type ToolEnd } from '../../infra/run-tool.ts'
import type { Sandbox } from '../../infra/sandbox.ts'
import { takeOutput } from '../take-output.ts'
import type { Speech, TranscriptionEngine } from './engine.ts'

export interface CommandSettings {
  /** Program and arguments; `{audio}`, `{output}` and `{language}` are replaced in each. */
  words: readonly string[]
  sandbox: Sandbox
  memoryBytes: number
  /** Seconds of one run. */
  seconds: number
}

const AUDIO = 'speech.wav'
/** Without the ending that the program adds. */
const OUTPUT = 'speech'
/** A program that found several formats asked for writes them all: the first has the language, too. */
const RESULTS = [
  { ending: 'json', read: readTranscriptJson },
  { ending: 'vtt', read: readTranscriptText },
  { ending: 'srt', read: readTranscriptText },
]
/** What it may write beside its result. */
const SPARE_BYTES = 64 * 1024 * 1024

/** Runs a program like that of whisper.cpp for each piece. All its arguments are the operator's, or names and codes of ours. */
export function commandEngine({ words, sandbox, memoryBytes, seconds }: CommandSettings): TranscriptionEngine {
  const limits = { memoryBytes, cpuSeconds: seconds * availableParallelism(), wallSeconds: seconds }
  return {
    description: `the program ${words[0]}, sandbox ${sandbox.kind}`,
    async transcribe({ wav, language, workspace, tools, signal }: Speech): Promise<Transcript> {
      // Not through a link that a tool may have left there.
      await writeFile(join(workspace, AUDIO), wav, { flag: 'wx' })
      const values: Record<string, string> = { audio: AUDIO, output: OUTPUT, language: language ?? 'auto' }
      const filled = words.map((word) => word.replace(/\{(audio|output|language)\}/g, (_, name) => values[name] ?? ''))
      const [command = '', ...args] = filled
      const { slot, log } = tools
      const own = { ...tools, sandbox, limits, slot, log, onRun: () => {} }
      const outputBytes = wav.length + SPARE_BYTES
      const end = await runTool(own, { command, args, cwd: workspace, outputBytes, signal })
      if (end.exitCode !== 0) throw failureOf(end)
      return await resultIn(workspace)
    },
  }
}

async function resultIn(workspace: string): Promise<Transcript> {
  for (const { ending, read } of RESULTS) {
    const name = `${OUTPUT}.${ending}`
    if (!(await exists(join(workspace, name)))) continue
    return read(await readFile(await takeOutput(workspace, name, MAX_TRANSCRIPT_BYTES), 'utf8'))
  }
  throw transcriptionFailed('The program for automatic captions wrote no result.')
}

async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  )
}

function failureOf({ timedOut, overOutput, killedBy, exitCode, stderr }: ToolEnd): TaskFailure {
  if (timedOut) return hostFault('TIMED_OUT', 'Making automatic captions took longer than allowed.', stderr)
  if (overOutput) return transcriptionFailed('The program for automatic captions wrote more than it may.', stderr)
  if (killedBy === 'SIGKILL') return new TaskFailure(causeOf('OUT_OF_MEMORY'), stderr)
  return transcriptionFailed(`The program for automatic captions ended with ${killedBy ?? exitCode}.`, stderr)
}
