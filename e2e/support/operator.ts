import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export type Ran = { code: number | null; output: string; errors: string }

const PROGRAM = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url))

/** Runs the operator's command line as a process of its own. */
export async function kinora(amqpUrl: string, args: string[], input = ''): Promise<Ran> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { env: { AMQP_URL: amqpUrl } })
  child.stdin.end(input)
  let [output, errors] = ['', '']
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (errors += chunk))
  const [code] = await once(child, 'close')
  return { code, output, errors }
}

export type Running = Ran & { interrupt(): Promise<number | null> }

/** A command that goes on until it is interrupted; `output` and `errors` grow meanwhile. */
export function kinoraRunning(env: Record<string, string>, args: string[]): Running {
  const child = spawn(process.execPath, [PROGRAM, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const closed = once(child, 'close')
  const running: Running = {
    code: null,
    output: '',
    errors: '',
    async interrupt() {
      child.kill('SIGINT')
      const [code] = await closed
      return code
    },
  }
  child.stdout.on('data', (chunk) => (running.output += chunk))
  child.stderr.on('data', (chunk) => (running.errors += chunk))
  return running
}

/** The same at a terminal, where `answers` are typed in as they are asked for; gives all that the terminal has shown. */
export async function kinoraAtTerminal(amqpUrl: string, args: string[], answers: string[]): Promise<string> {
  const command = [process.execPath, PROGRAM, ...args].join(' ')
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    env: { AMQP_URL: amqpUrl, PATH: process.env.PATH },
  })
  let shown = ''
  let asked = 0
  child.stdout.on('data', (chunk) => {
    shown += chunk
    if ((shown.match(/: /g)?.length ?? 0) <= asked) return
    child.stdin.write(`${answers[asked]}\r`)
    asked += 1
  })
  await once(child, 'close')
  return shown
}
