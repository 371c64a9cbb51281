import { auth, type Session } from '@kinora/common/contracts'
import type { Command } from 'commander'
import { type Act, collect, findUserId, limitOption } from '../cli.ts'
import { type Columns, timeOf } from '../printer.ts'

const COLUMNS: Columns<Session> = {
  ID: (session) => session.id,
  ADDRESS: (session) => session.ip,
  CREATED: (session) => timeOf(session.createdAt),
  'LAST USED': (session) => timeOf(session.lastUsedAt),
  EXPIRES: (session) => timeOf(session.expiresAt),
  AGENT: (session) => session.userAgent,
}

export function sessionsCommands(program: Command, act: Act): void {
  const sessions = program.command('sessions').description('list and end the sessions of an account')

  sessions
    .command('list')
    .description('list the sessions of an account, newest first')
    .argument('<user>', 'id or e-mail address')
    .addOption(limitOption())
    .action(
      act(async ({ call, print }, name: string, { limit }: { limit: number }) => {
        const userId = await findUserId(call, name)
        print.list(await collect(call, auth.listUserSessions, { userId }, limit), COLUMNS)
      }),
    )

  sessions
    .command('revoke')
    .description('end all sessions of an account, or one of them')
    .argument('<user>', 'id or e-mail address')
    .option('--session <id>', 'end only this session')
    .action(
      act(async ({ call, print }, name: string, { session: sessionId }: { session?: string }) => {
        const userId = await findUserId(call, name)
        if (sessionId === undefined) await call(auth.revokeUserSessions, { userId })
        else await call(auth.revokeUserSession, { userId, sessionId })
        const what = sessionId === undefined ? 'All sessions' : `Session ${sessionId}`
        print.done(`${what} of ${name} ended`, { userId, sessionId: sessionId ?? null })
      }),
    )
}
