import { type AdminUser, auth } from '@kinora/common/contracts'
import { type Command, Option } from 'commander'
import type { Act } from '../cli.ts'
import { collect } from '../collect.ts'
import { findUserId } from '../find-user.ts'
import { limitOption } from '../options.ts'
import { type Columns, timeOf } from '../output/printer.ts'

interface ListOptions {
  q?: string
  role?: AdminUser['role']
  disabled?: true
  enabled?: true
  limit: number
}

const COLUMNS: Columns<AdminUser> = {
  ID: (user) => user.id,
  'E-MAIL': (user) => user.email,
  NAME: (user) => user.displayName,
  ROLE: (user) => user.role,
  STATE: (user) => (user.disabledAt ? 'disabled' : 'enabled'),
  SESSIONS: (user) => user.sessions,
  'LAST LOGIN': (user) => timeOf(user.lastLoginAt),
}

const DETAILS: Columns<AdminUser> = {
  ...COLUMNS,
  VERIFIED: (user) => user.emailVerified,
  'TWO FACTORS': (user) => user.mfaEnabled,
  CREATED: (user) => timeOf(user.createdAt),
  DISABLED: (user) => timeOf(user.disabledAt),
}

/** What one command changes about an account, and what it then says. */
const CHANGES = {
  disable: {
    change: { disabled: true },
    help: 'let an account sign in no more, and end its sessions',
    done: 'is disabled',
  },
  enable: { change: { disabled: false }, help: 'let a disabled account sign in again', done: 'is enabled' },
  promote: { change: { role: 'admin' }, help: 'make an account an administrator', done: 'is an administrator' },
  demote: {
    change: { role: 'user' },
    help: 'make an administrator a user again, and end his sessions',
    done: 'is no administrator',
  },
} as const

export function usersCommands(program: Command, act: Act): void {
  const users = program.command('users').description('accounts')

  users
    .command('list')
    .description('all accounts, newest first')
    .option('--q <text>', 'part of the address or the name')
    .addOption(new Option('--role <role>', 'only these').choices(['user', 'admin']))
    .addOption(new Option('--disabled', 'only disabled ones').conflicts('enabled'))
    .option('--enabled', 'only enabled ones')
    .addOption(limitOption())
    .action(
      act(async ({ call, print }, { limit, disabled, enabled, ...filter }: ListOptions) => {
        const state = disabled ? { disabled: 'true' as const } : enabled ? { disabled: 'false' as const } : {}
        print.list(await collect(call, auth.listUsers, { ...filter, ...state }, limit), COLUMNS)
      }),
    )

  users
    .command('show')
    .description('one account')
    .argument('<user>', 'id or e-mail address')
    .action(
      act(async ({ call, print }, name: string) => {
        print.record(await call(auth.getUser, { userId: await findUserId(call, name) }), DETAILS)
      }),
    )

  for (const [verb, { change, help, done }] of Object.entries(CHANGES)) {
    users
      .command(verb)
      .description(help)
      .argument('<user>', 'id or e-mail address')
      .action(
        act(async ({ call, print }, name: string) => {
          const user = await call(auth.updateUser, { userId: await findUserId(call, name), ...change })
          print.done(`${user.email} ${done}`, user)
        }),
      )
  }

  users
    .command('reset-second-factor')
    .description('take app, recovery codes and passkeys off the account of who has lost them, and end its sessions')
    .argument('<user>', 'id or e-mail address')
    .action(
      act(async ({ call, print }, name: string) => {
        const userId = await findUserId(call, name)
        await call(auth.resetSecondFactor, { userId })
        const user = await call(auth.getUser, { userId })
        print.done(`${user.email} signs in with the password alone now`, user)
      }),
    )
}
