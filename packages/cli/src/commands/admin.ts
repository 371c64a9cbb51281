import { type AdminUser, auth } from '@kinora/common/contracts'
import type { Command } from 'commander'
import type { Act } from '../cli.ts'
import { newPassword } from '../terminal.ts'

interface CreateOptions {
  email: string
  displayName?: string
  passwordStdin?: true
}

const SENTENCES = {
  created: ({ email }: AdminUser) => `${email} is an administrator and can sign in`,
  claimed: ({ email }: AdminUser) =>
    `${email} had an unconfirmed account. It is an administrator now and has the password that you gave; its earlier password and sessions no longer work`,
  promoted: ({ email }: AdminUser) => `${email} had an account. It is an administrator now and keeps its password`,
  unchanged: ({ email }: AdminUser) => `${email} is already an administrator; nothing was changed`,
}

export function adminCommands(program: Command, act: Act): void {
  const admin = program.command('admin').description('create administrators')

  admin
    .command('create')
    .description('create an administrator, or promote an existing account; asks for the password')
    .requiredOption('--email <address>', 'e-mail address to sign in with')
    .option('--display-name <name>', 'name to display')
    .option('--password-stdin', 'read the password from the first line of standard input')
    .action(async ({ email, displayName, passwordStdin }: CreateOptions) => {
      const password = await newPassword(passwordStdin)
      const input = { email, password, ...(displayName !== undefined && { displayName }) }
      await act(async ({ call, print }) => {
        const { user, outcome } = await call(auth.createAdmin, input)
        print.done(SENTENCES[outcome](user) + (user.disabledAt ? ', but it is disabled' : ''), { user, outcome })
      })()
    })
}
