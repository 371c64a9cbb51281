import { media, type Parked, type ParkedInFull } from '@kinora/common/contracts'
import type { Command } from 'commander'
import type { Act } from '../cli.ts'
import { collect } from '../collect.ts'
import { limitOption } from '../options.ts'
import { type Columns, timeOf } from '../output/printer.ts'

const COLUMNS: Columns<Parked> = {
  ID: (parked) => parked.id,
  PARKED: (parked) => timeOf(parked.parkedAt),
  ORIGIN: (parked) => parked.origin,
  TYPE: (parked) => parked.type,
  TRIES: (parked) => parked.attempts,
  ERROR: (parked) => `${parked.error.code}: ${parked.error.message}`,
}

const DETAILS: Columns<ParkedInFull> = { ...COLUMNS, BODY: (parked) => parked.body }

export function parkedCommands(program: Command, act: Act): void {
  const parked = program.command('parked').description('messages that have failed for good')

  parked
    .command('list')
    .description('newest first')
    .addOption(limitOption())
    .action(
      act(async ({ call, print }, { limit }: { limit: number }) => {
        print.list(await collect(call, media.listParked, {}, limit), COLUMNS)
      }),
    )

  parked
    .command('show')
    .description('one message, with what it says')
    .argument('<id>')
    .action(
      act(async ({ call, print }, parkedId: string) => {
        print.record(await call(media.getParked, { parkedId }), DETAILS)
      }),
    )

  parked
    .command('redrive')
    .description('send a message once more, with all its tries, after what was wrong has been repaired')
    .argument('<id>')
    .action(
      act(async ({ call, print }, parkedId: string) => {
        print.done(`${parkedId} was sent again`, await call(media.redriveParked, { parkedId }))
      }),
    )

  parked
    .command('discard')
    .description('remove a message for good')
    .argument('<id>')
    .action(
      act(async ({ call, print }, parkedId: string) => {
        print.done(`${parkedId} is gone`, await call(media.discardParked, { parkedId }))
      }),
    )
}
