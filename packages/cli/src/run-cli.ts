import tab from '@bomb.sh/tab/commander'
import { AppError } from '@kinora/common/errors'
import { ConfigError, VERSION } from '@kinora/common/service'
import { Command, CommanderError } from 'commander'
import type { Act } from './cli.ts'
import { adminCommands } from './commands/admin.ts'
import { auditCommands } from './commands/audit.ts'
import { hlsCommands } from './commands/hls.ts'
import { keysCommands } from './commands/keys.ts'
import { listenCommand } from './commands/listen.ts'
import { parkedCommands } from './commands/parked.ts'
import { projectsCommands } from './commands/projects.ts'
import { sessionsCommands } from './commands/sessions.ts'
import { storageCommands } from './commands/storage.ts'
import { tasksCommands } from './commands/tasks.ts'
import { usersCommands } from './commands/users.ts'
import { videosCommands } from './commands/videos.ts'
import { connectOperator } from './operator.ts'
import { createPrinter } from './printer.ts'
import { EXIT, RefusedError, UsageError } from './terminal.ts'

const GROUPS = [
  adminCommands,
  usersCommands,
  projectsCommands,
  videosCommands,
  sessionsCommands,
  auditCommands,
  keysCommands,
  storageCommands,
  tasksCommands,
  parkedCommands,
  listenCommand,
]

const EXIT_HELP = `
Exit codes: ${EXIT.ok} done, ${EXIT.refused} refused or problem found, ${EXIT.usage} wrong usage, ${EXIT.unreachable} Kinora unreachable`

/** Runs one command of the operator and returns its exit code. `env` has the broker's URL in AMQP_URL. */
export async function runCli(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const program = new Command('kinora')
    .description(
      'Operate a Kinora installation: accounts, projects, videos, sessions, audit log, keys, storage, tasks, parked messages; check HLS',
    )
    .version(VERSION)
    .option('--json', 'print JSON instead of tables')
    .showHelpAfterError('(try --help)')
    .addHelpText('after', EXIT_HELP)
    .exitOverride()
  const printer = () => createPrinter(program.opts<{ json?: true }>().json === true)
  const act: Act =
    (work) =>
    async (...rest) => {
      const operator = await connectOperator(env)
      try {
        await work({ call: operator.call, listen: operator.listen, print: printer() }, ...rest)
      } finally {
        await operator.close()
      }
    }
  for (const addCommands of GROUPS) addCommands(program, act, env)
  hlsCommands(program, printer)
  // `kinora complete bash|zsh|fish|powershell` prints a script.
  tab(program)
  try {
    await program.parseAsync([...args], { from: 'user' })
    return EXIT.ok
  } catch (error) {
    return report(error)
  }
}

function report(error: unknown): number {
  // Commander has already printed the error, or the help.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  if (error instanceof UsageError) return fail(error.message, EXIT.usage)
  if (error instanceof RefusedError) return fail(error.message, EXIT.refused)
  if (error instanceof ConfigError) return fail(error.message, EXIT.unreachable)
  if (error instanceof AppError) {
    const unreachable = error.status === 503 || error.status === 504
    return fail(`${error.code}: ${error.message}`, unreachable ? EXIT.unreachable : EXIT.refused)
  }
  throw error
}

function fail(message: string, exitCode: number): number {
  process.stderr.write(`kinora: ${message}\n`)
  return exitCode
}
