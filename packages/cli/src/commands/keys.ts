import { auth, type Jwk } from '@kinora/common/contracts'
import type { Command } from 'commander'
import type { Act } from '../cli.ts'
import type { Columns } from '../output/printer.ts'

const COLUMNS: Columns<Jwk> = {
  'KEY ID': (key) => key.kid,
  ALGORITHM: (key) => key.alg,
  CURVE: (key) => key.crv,
}

export function keysCommands(program: Command, act: Act): void {
  const keys = program.command('keys').description('the keys that access tokens are signed with')

  keys
    .command('list')
    .description('the published ones')
    .action(
      act(async ({ call, print }) => {
        const { keys: items } = await call(auth.getJwks, {})
        print.list({ items, nextCursor: null }, COLUMNS)
      }),
    )
}
