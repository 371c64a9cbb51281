import { auth, type SigningKeyInfo } from '@kinora/common/contracts'
import type { Command } from 'commander'
import type { Act } from '../cli.ts'
import { type Columns, timeOf } from '../printer.ts'

const COLUMNS: Columns<SigningKeyInfo> = {
  'KEY ID': (key) => key.kid,
  STAGE: (key) => key.stage,
  CREATED: (key) => timeOf(key.createdAt),
  'SIGNS SINCE': (key) => timeOf(key.currentSince),
  'TOKENS UNTIL': (key) => timeOf(key.expiresAt),
  RETIRED: (key) => key.retireReason,
}

export function keysCommands(program: Command, act: Act): void {
  const keys = program.command('keys').description('list, rotate and retire the keys that sign access tokens')

  keys
    .command('list')
    .description('list all keys and their stages')
    .action(
      act(async ({ call, print }) => {
        const { keys: items } = await call(auth.listKeys, {})
        print.list({ items, nextCursor: null }, COLUMNS)
      }),
    )

  keys
    .command('rotate')
    .description('sign with the next key from now on; sessions continue')
    .action(
      act(async ({ call, print }) => {
        const { keys: items } = await call(auth.rotateKeys, {})
        print.list({ items, nextCursor: null }, COLUMNS)
      }),
    )

  keys
    .command('retire <kid>')
    .description('refuse all tokens signed with a key, at once, because it may have leaked')
    .requiredOption('--reason <text>', 'reason, recorded with the key')
    .action(
      act(async ({ call, print }, kid: string, { reason }: { reason: string }) => {
        const { keys: items } = await call(auth.retireKey, { kid, reason })
        print.list({ items, nextCursor: null }, COLUMNS)
      }),
    )
}
