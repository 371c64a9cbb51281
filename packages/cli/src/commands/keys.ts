import { auth, type SigningKeyInfo } from '@kinora/common/contracts'
import type { Command } from 'commander'
import type { Act } from '../cli.ts'
import { type Columns, timeOf } from '../output/printer.ts'

const COLUMNS: Columns<SigningKeyInfo> = {
  'KEY ID': (key) => key.kid,
  STAGE: (key) => key.stage,
  CREATED: (key) => timeOf(key.createdAt),
  'SIGNS SINCE': (key) => timeOf(key.currentSince),
  'TOKENS UNTIL': (key) => timeOf(key.expiresAt),
  RETIRED: (key) => key.retireReason,
}

export function keysCommands(program: Command, act: Act): void {
  const keys = program.command('keys').description('the keys that access tokens are signed with')

  keys
    .command('list')
    .description('all and their stages')
    .action(
      act(async ({ call, print }) => {
        const { keys: items } = await call(auth.listKeys, {})
        print.list({ items, nextCursor: null }, COLUMNS)
      }),
    )
}
