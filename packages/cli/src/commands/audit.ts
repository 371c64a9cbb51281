import type { Output } from '@kinora/common/contract'
import { type AdminAuditEntry, auth } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type Act, type Cli, collect, findUserId, limitOption, timeArgument } from '../cli.ts'
import { type Columns, timeOf } from '../printer.ts'

interface ListOptions {
  user?: string
  actor?: string
  action?: string
  outcome?: AdminAuditEntry['outcome']
  from?: string
  to?: string
  limit: number
}

type Row = Output<typeof auth.verifyAudit>['verified']

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
  const audit = program.command('audit').description('read and verify the audit log')

  audit
    .command('list')
    .description('list audit records, newest first')
    .option('--user <user>', 'only actions on this account: id or e-mail address')
    .option('--actor <id>', 'only actions by this user (id) or service (name)')
    .option('--action <action>', 'only this action, e.g. login')
    .addOption(new Option('--outcome <outcome>', 'only this outcome').choices(['success', 'failure']))
    .option('--from <time>', 'only at this time or later', timeArgument)
    .option('--to <time>', 'only before this time', timeArgument)
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
    .description(
      'check that no row was edited, removed or reordered; otherwise names the first such row and exits with 1',
    )
    .option('--after <row>', 'start after the row that an earlier run ended with: number:hash', rowArgument)
    .action(
      act(async ({ call, print }, { after }: { after?: Row }) => {
        const last = await verifyAll(call, after)
        print.done(`All rows up to ${last.sequence}:${last.hash} are unchanged`, last)
      }),
    )
}

/** Returns the last verified row. Throws `AUDIT_CHAIN_BROKEN` with the first broken one. */
async function verifyAll(call: Cli['call'], from: Row | undefined): Promise<Row> {
  let after = from
  for (;;) {
    const { verified, problem, complete } = await call(auth.verifyAudit, after ? { after } : {})
    if (problem) throw new AppError('AUDIT_CHAIN_BROKEN', { detail: `row ${problem.sequence}: ${problem.kind}` })
    if (complete) return verified
    after = verified
  }
}

function rowArgument(text: string): Row {
  const [, sequence, hash] = /^(\d{1,15}):([\da-f]{64})$/.exec(text) ?? []
  if (sequence === undefined || hash === undefined) throw new InvalidArgumentError('It must look like 1234:9f86d0…')
  return { sequence: Number(sequence), hash }
}

function actorOf({ actor, userId }: AdminAuditEntry): string | null {
  if (actor?.kind === 'user' && actor.id === userId) return 'self'
  return actor && (actor.id ?? actor.kind)
}
