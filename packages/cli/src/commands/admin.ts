import { type AdminUser, auth } from '@kinora/common/contracts'
import type { Command } from 'commander'
import type { Act } from '../cli.ts'
import { askNewPassword, passwordFromStdin } from '../read-password.ts'

interface CreateOptions {
  email: string
  displayName?: string
  passwordStdin?: true
}

const SENTENCES = {
  created: ({ email }: AdminUser) => `${email} is an administrator and can sign in`,
  claimed: ({ email }: AdminUser) =>
    `${email} had an account but was never confirmed: it is an administrator now, has the password that you gave, and nothing else signs in to it any more`,
  promoted: ({ email }: AdminUser) => `${email} had an account, which is an administrator now and keeps its password`,
  unchanged: ({ email }: AdminUser) => `${email} is an administrator already; nothing was changed`,
}

export function adminCommands(program: Command, act: Act): void {
  const admin = program.command('admin').description('administrators')

  admin
    .command('create')
    .description('make an administrator; one with an account already is promoted. The password is asked for')
    .requiredOption('--email <address>', 'what he signs in with')
    .option('--display-name <name>', 'what he is called')
    .option('--password-stdin', 'read the password from standard input')
    .action(async ({ email, displayName, passwordStdin }: CreateOptions) => {
      const password = passwordStdin ? await passwordFromStdin() : await askNewPassword()
      const input = { email, password, ...(displayName !== undefined && { displayName }) }
      await act(async ({ call, print }) => {
        const { user, outcome } = await call(auth.createAdmin, input)
        print.done(SENTENCES[outcome](user) + (user.disabledAt ? ', but it is disabled' : ''), { user, outcome })
      })()
    })
}
