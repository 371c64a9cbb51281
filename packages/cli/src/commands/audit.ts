import type { Output } from '@kinora/common/contract'
import { type AdminAuditEntry, auth } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Act, Cli } from '../cli.ts'
import { collect } from '../collect.ts'
import { findUserId } from '../find-user.ts'
import { limitOption, timeArgument } from '../options.ts'
import { type Columns, timeOf } from '../output/printer.ts'

interface ListOptions {
  user?: string
  actor?: string
  action?: string
  outcome?: AdminAuditEntry['outcome']
  from?: string
  to?: string
  limit: number
}

type Place = Output<typeof auth.verifyAudit>['verified']

const COLUMNS: Columns<AdminAuditEntry> = {
  TIME: (entry) => timeOf(entry.at),
  ACTION: (entry) => entry.action,
  OUTCOME: (entry) => entry.code ?? entry.outcome,
  TO: (entry) => entry.userId ?? entry.subject,
  BY: (entry) => actorOf(entry),
  ADDRESS: (entry) => entry.ip,
  REQUEST: (entry) => entry.requestId,
}

export function auditCommands(program: Command, act: Act): void {
  const audit = program.command('audit').description('what has happened to accounts')

  audit
    .command('list')
    .description('newest first')
    .option('--user <user>', 'to whom it was done: id or e-mail address')
    .option('--actor <id>', 'who did it: the id of a user, or the name of a service')
    .option('--action <action>', 'what was done, e.g. login')
    .addOption(new Option('--outcome <outcome>', 'how it ended').choices(['success', 'failure']))
    .option('--from <time>', 'at this time or later', timeArgument)
    .option('--to <time>', 'before this time', timeArgument)
    .addOption(limitOption())
    .action(
      act(async ({ call, print }, { user, actor, limit, ...filter }: ListOptions) => {
        const whom = user === undefined ? {} : { userId: await findUserId(call, user) }
        const who = actor === undefined ? {} : { actorId: actor }
        print.list(await collect(call, auth.searchAudit, { ...filter, ...whom, ...who }, limit), COLUMNS)
      }),
    )

  audit
    .command('verify')
    .description('whether rows were edited, removed or reordered; says which is the first, and exits with 1')
    .option('--after <place>', 'begin after what an earlier run ended with: number:hash', placeArgument)
    .action(
      act(async ({ call, print }, { after }: { after?: Place }) => {
        const place = await verifyAll(call, after)
        print.done(`All rows are as they were written, up to ${place.sequence}:${place.hash}`, place)
      }),
    )
}

/** Throws `AUDIT_CHAIN_BROKEN`. */
async function verifyAll(call: Cli['call'], from: Place | undefined): Promise<Place> {
  let after = from
  for (;;) {
    const { verified, problem, complete } = await call(auth.verifyAudit, after ? { after } : {})
    if (problem) throw new AppError('AUDIT_CHAIN_BROKEN', { detail: `row ${problem.sequence}: ${problem.kind}` })
    if (complete) return verified
    after = verified
  }
}

function placeArgument(text: string): Place {
  const [, sequence, hash] = /^(\d{1,15}):([\da-f]{64})$/.exec(text) ?? []
  if (sequence === undefined || hash === undefined) throw new InvalidArgumentError('It must look like 1234:9f86d0…')
  return { sequence: Number(sequence), hash }
}

function actorOf({ actor, userId }: AdminAuditEntry): string | null {
  if (actor?.kind === 'user' && actor.id === userId) return 'self'
  return actor && (actor.id ?? actor.kind)
}
