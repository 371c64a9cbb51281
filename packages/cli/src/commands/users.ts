import { type AdminUser, auth, Role } from '@kinora/common/contracts'
import { type Command, Option } from 'commander'
import { type Act, collect, findUserId, limitOption } from '../cli.ts'
import { type Columns, timeOf } from '../printer.ts'
import { newPassword } from '../terminal.ts'

interface ListOptions {
  q?: string
  role?: AdminUser['role']
  disabled?: true
  enabled?: true
  limit: number
}

interface CreateOptions {
  displayName?: string
  passwordStdin?: true
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

/** What a command changes in an account, its help, and its message. */
const CHANGES = {
  disable: {
    change: { disabled: true },
    help: 'disable an account: it can no longer sign in, and its sessions end',
    done: 'is disabled',
  },
  enable: { change: { disabled: false }, help: 'enable a disabled account', done: 'is enabled' },
  promote: { change: { role: 'admin' }, help: 'make an account an administrator', done: 'is an administrator' },
  support: {
    change: { role: 'support' },
    help: 'let an account see the state of the videos of others, without watching them; ends its sessions',
    done: 'supports others',
  },
  demote: {
    change: { role: 'user' },
    help: 'take the role of an administrator or of support from an account, and end its sessions',
    done: 'is a user like others',
  },
} as const

export function usersCommands(program: Command, act: Act): void {
  const users = program.command('users').description('list, show and change accounts')

  users
    .command('list')
    .description('list accounts, newest first')
    .option('--q <text>', 'only accounts with this text in address or name')
    .addOption(new Option('--role <role>', 'only accounts with this role').choices(Role.options))
    .addOption(new Option('--disabled', 'only disabled accounts').conflicts('enabled'))
    .option('--enabled', 'only enabled accounts')
    .addOption(limitOption())
    .action(
      act(async ({ call, print }, { limit, disabled, enabled, ...filter }: ListOptions) => {
        const state = disabled ? { disabled: 'true' as const } : enabled ? { disabled: 'false' as const } : {}
        print.list(await collect(call, auth.listUsers, { ...filter, ...state }, limit), COLUMNS)
      }),
    )

  users
    .command('show')
    .description('show one account')
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
    .command('create')
    .description('create an account whose address you vouch for; asks for the password')
    .argument('<address>', 'e-mail address to sign in with')
    .option('--display-name <name>', 'name to display')
    .option('--password-stdin', 'read the password from the first line of standard input')
    .action(async (email: string, { displayName, passwordStdin }: CreateOptions) => {
      const password = await newPassword(passwordStdin)
      const input = { email, password, ...(displayName !== undefined && { displayName }) }
      await act(async ({ call, print }) => {
        const user = await call(auth.createAccount, input)
        print.done(`${user.email} can sign in`, user)
      })()
    })

  users
    .command('invite')
    .description('invite a person to register: sends a link to the address, or prints it')
    .argument('<address>', 'e-mail address')
    .option('--link', 'print the link to pass on, instead of sending it; the address then counts as unconfirmed')
    .action(
      act(async ({ call, print }, email: string, { link }: { link?: true }) => {
        const invite = await call(auth.createInvite, { email, mail: !link })
        const done = invite.url ?? `A link is being sent to ${invite.email}`
        print.done(`${done}; it works once, until ${timeOf(invite.expiresAt)}`, invite)
      }),
    )

  users
    .command('reset-second-factor')
    .description(
      'remove authenticator app, recovery codes and passkeys from an account whose owner lost them, and end its sessions',
    )
    .argument('<user>', 'id or e-mail address')
    .action(
      act(async ({ call, print }, name: string) => {
        const userId = await findUserId(call, name)
        await call(auth.resetSecondFactor, { userId })
        const user = await call(auth.getUser, { userId })
        print.done(`${user.email} now signs in with the password only`, user)
      }),
    )
}
