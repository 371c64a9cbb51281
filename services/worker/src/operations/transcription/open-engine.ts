import { existsSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import type { WorkerConfig } from '../../config.ts'
import { openEngineSandbox } from '../../infra/choose-sandbox.ts'
import { commandEngine } from './command-engine.ts'
import type { TranscriptionEngine } from './engine.ts'
import { httpEngine } from './http-engine.ts'

/** Undefined where the settings name no engine; rejects where they name two, or one that cannot run. */
export async function openEngine(config: WorkerConfig): Promise<TranscriptionEngine | undefined> {
  const { TRANSCRIBE_COMMAND: command, TRANSCRIBE_URL: url, TRANSCRIBE_TIMEOUT_SECONDS: seconds } = config
  if (command !== '' && url !== undefined) throw new Error('set TRANSCRIBE_COMMAND or TRANSCRIBE_URL, not both')
  if (url !== undefined) {
    const { TRANSCRIBE_MODEL: model, TRANSCRIBE_FORMAT: format, TRANSCRIBE_API_KEY: apiKey } = config
    return httpEngine({ url: new URL(url), model, format, apiKey, seconds })
  }
  if (command === '') return undefined
  const folders = config.TRANSCRIBE_FOLDERS
  if (!folders.every((path) => isAbsolute(path) && existsSync(path))) {
    throw new Error('TRANSCRIBE_FOLDERS: give absolute paths of folders that exist')
  }
  const sandbox = await openEngineSandbox(config.TRANSCRIBE_SANDBOX, folders)
  const memoryBytes = config.TRANSCRIBE_MEMORY_MB * 1024 * 1024
  return commandEngine({ words: wordsOf(command), sandbox, memoryBytes, seconds })
}

/** The words of a command: separated by spaces, or a list in JSON where they contain some. */
function wordsOf(command: string): string[] {
  const words: unknown = command.startsWith('[') ? JSON.parse(command) : command.trim().split(/\s+/)
  if (!Array.isArray(words) || !words.every((word) => typeof word === 'string') || words.length === 0) {
    throw new Error('TRANSCRIBE_COMMAND: give words, or a list of strings in JSON')
  }
  if (!words.some((word) => word.includes('{audio}'))) throw new Error('TRANSCRIBE_COMMAND: {audio} is missing')
  return words
}
