import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'

/** Exit codes of the command line. */
export const EXIT = { ok: 0, refused: 1, usage: 2, unreachable: 3 } as const

/** The command ran and its answer is no: exit code 1. */
export class RefusedError extends Error {}

/** The arguments are wrong: exit code 2. */
export class UsageError extends Error {}

/** Far more than any password; longer input is probably a file given by mistake. */
const MAX_BYTES = 4096

/** From the first line of standard input, or asked for at the terminal. Throws `UsageError` as these do. */
export async function newPassword(isOnStdin: true | undefined): Promise<string> {
  return isOnStdin ? await passwordFromStdin() : await askNewPassword()
}

/** The first line of standard input. Throws `UsageError` when it is empty, or the input exceeds 4096 bytes. */
async function passwordFromStdin(): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Buffer)
    bytes += (chunk as Buffer).length
    if (bytes > MAX_BYTES) throw new UsageError('Standard input is too long for a password')
  }
  const [line = ''] = Buffer.concat(chunks).toString('utf8').split(/\r?\n/, 1)
  if (line === '') throw new UsageError('Standard input has no password')
  return line
}

/** Asks twice at the terminal, without echo. Throws `UsageError` without a terminal, and when the answers differ. */
async function askNewPassword(): Promise<string> {
  if (!process.stdin.isTTY) throw new UsageError('There is no terminal to ask for the password; use --password-stdin')
  const password = await ask('Password: ')
  if ((await ask('Again: ')) !== password) throw new UsageError('The passwords are not the same')
  return password
}

async function ask(question: string): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true })
  const interrupted = new AbortController()
  terminal.once('SIGINT', () => interrupted.abort())
  terminal.once('close', () => interrupted.abort())
  process.stderr.write(question)
  try {
    return await terminal.question('', { signal: interrupted.signal })
  } catch {
    throw new UsageError('No password was given')
  } finally {
    terminal.close()
    process.stderr.write('\n')
  }
}

/**
 * Asks at the terminal and returns the answer, '' when the input ends. Writes to standard error, because standard
 * output is the command's result.
 */
export async function askLine(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const ended = new AbortController()
  terminal.once('close', () => ended.abort())
  try {
    return await terminal.question(question, { signal: ended.signal }).catch(() => '')
  } finally {
    terminal.close()
  }
}
