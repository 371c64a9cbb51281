import { media, type Parked, type ParkedInFull } from '@kinora/common/contracts'
import type { Command } from 'commander'
import { type Act, collect, limitOption } from '../cli.ts'
import { type Columns, timeOf } from '../printer.ts'

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
  const parked = program.command('parked').description('list, redrive and discard parked messages (dead letters)')

  parked
    .command('list')
    .description('list parked messages, newest first')
    .addOption(limitOption())
    .action(
      act(async ({ call, print }, { limit }: { limit: number }) => {
        print.list(await collect(call, media.listParked, {}, limit), COLUMNS)
      }),
    )

  parked
    .command('show')
    .description('show one message with its body')
    .argument('<id>')
    .action(
      act(async ({ call, print }, parkedId: string) => {
        print.record(await call(media.getParked, { parkedId }), DETAILS)
      }),
    )

  parked
    .command('redrive')
    .description('send a message again, with all its attempts, after its cause was repaired')
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
        print.done(`${parkedId} was removed`, await call(media.discardParked, { parkedId }))
      }),
    )
}
