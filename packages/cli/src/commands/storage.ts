import { media, type QuarantinedFolder, type StorageFinding, type StorageStatus } from '@kinora/common/contracts'
import { type Command, Option } from 'commander'
import { askLine } from '../ask-line.ts'
import type { Act, Cli } from '../cli.ts'
import { collect } from '../collect.ts'
import { limitOption } from '../options.ts'
import { type Columns, timeOf } from '../output/printer.ts'
import { RefusedError } from '../refused-error.ts'

const FINDINGS: Columns<StorageFinding> = {
  PROBLEM: (found) => (found.problem === 'missing' ? 'row without file' : 'file without row'),
  WHAT: (found) => found.what,
  VIDEO: (found) => found.videoId,
  FILES: (found) => found.files,
  EXAMPLE: (found) => found.example,
}

const STATUS: Columns<StorageStatus> = {
  INSTALLATION: (status) => `${status.name} (${status.installation})`,
  URL: (status) => status.publicUrl,
  VIDEOS: (status) => (status.videos < MOST_COUNTED ? status.videos : `${MOST_COUNTED} or more`),
  STORE: (status) => STATES[status.state],
  'STORE OF': (status) => status.storeInstallation,
  'EXPIRED UPLOADS WAITING': (status) => status.sweepWaiting,
  'DAYS IN QUARANTINE': (status) => status.quarantineDays,
}

const MOST_COUNTED = 10_000

const STATES: Record<StorageStatus['state'], string> = {
  unknown: 'not compared yet',
  own: 'belongs to this database',
  diverged: 'is newer than this database, or used by a copy of it',
  foreign: 'belongs to another installation',
  unmarked: 'has files that are not known, and no marker',
  empty: 'is empty, and the database is not',
}

const QUARANTINE: Columns<QuarantinedFolder> = {
  SWEPT: (folder) => folder.day,
  FOLDER: (folder) => folder.key,
  FILES: (folder) => folder.files,
  'REMOVED AFTER': (folder) => timeOf(folder.removedAfter),
}

interface ConfirmOptions {
  installation?: string
  dryRun?: true
}

const installationOption = () =>
  new Option('--installation <name>', 'the installation that is meant, as `storage status` names it')
const dryRunOption = () => new Option('--dry-run', 'only tell what would be done').conflicts('installation')

export function storageCommands(program: Command, act: Act): void {
  const storage = program.command('storage').description('files of videos: whose they are, and which are not needed')

  storage
    .command('status')
    .description('whether store and database belong together; exits with 1 when they do not')
    .action(
      act(async ({ call, print }) => {
        const status = await call(media.getStorageStatus, {})
        print.record(status, STATUS)
        if (status.problem !== null) throw new RefusedError(status.problem)
      }),
    )

  storage
    .command('audit')
    .description('rows without files, and files without rows; exits with 1 when there are any')
    .action(
      act(async ({ call, print }) => {
        const { items, looked } = await auditAll(call)
        const page = { items, nextCursor: null }
        if (items.length === 0) return print.done(`Rows and files agree, in ${looked} videos and folders`, page)
        print.list(page, FINDINGS)
        throw new RefusedError(`Rows and files differ in ${items.length} places`)
      }),
    )

  storage
    .command('sweep')
    .description('move files without rows, a day old or older, to quarantine; let expired uploads that wait be swept')
    .addOption(installationOption())
    .addOption(dryRunOption())
    .action(
      act(async ({ call, print }, options: ConfirmOptions) => {
        const status = await call(media.getStorageStatus, {})
        if (status.problem !== null) throw new RefusedError(status.problem)
        const unknown = (await auditAll(call)).items.filter(({ problem }) => problem === 'unknown')
        const page = { items: unknown, nextCursor: null }
        if (options.installation === undefined) print.list(page, FINDINGS)
        const files = unknown.reduce((sum, found) => sum + found.files, 0)
        const what = `${files} files without a row and ${status.sweepWaiting} expired uploads`
        const installation = await confirm(status, options, `Would move to quarantine: ${what}, if they are old enough`)
        if (installation === undefined) return
        const enqueued = await sweepAll(call, installation)
        const kept = `They can be restored for ${status.quarantineDays} days: kinora storage quarantine`
        print.done(`${enqueued} files and folders go to quarantine now. ${kept}`, { enqueued })
      }),
    )

  storage
    .command('quarantine')
    .description('what was swept and can be restored, oldest first')
    .addOption(limitOption())
    .action(
      act(async ({ call, print }, { limit }: { limit: number }) => {
        print.list(await collect(call, media.listQuarantine, {}, limit), QUARANTINE)
      }),
    )

  storage
    .command('restore')
    .description('move a folder out of quarantine, back to where it was')
    .argument('<day>', 'the day on which it was swept, as `storage quarantine` lists it')
    .argument('<folder>', 'e.g. sources/4c1e…')
    .action(
      act(async ({ call, print }, day: string, key: string) => {
        const { restored, kept } = await restoreAll(call, day, key)
        if (restored + kept === 0) throw new RefusedError(`Nothing of ${key} was swept on ${day}`)
        const left = kept === 0 ? '' : `; ${kept} stay in quarantine, because there are newer ones`
        print.done(`${restored} files are back in ${key}${left}`, { restored, kept })
      }),
    )

  storage
    .command('adopt')
    .description('make the store this installation’s: after a backup was restored, or with a new store')
    .addOption(installationOption())
    .addOption(dryRunOption())
    .action(
      act(async ({ call, print }, options: ConfirmOptions) => {
        const status = await call(media.getStorageStatus, {})
        if (status.problem === null) return print.done('The store belongs to this installation already', status)
        if (options.installation === undefined) print.record(status, STATUS)
        const installation = await confirm(
          status,
          options,
          `${status.problem}\nWould mark the store as that of ${status.name}`,
        )
        if (installation === undefined) return
        const adopted = await call(media.adoptStore, { installation })
        print.done(`The store belongs to installation ${adopted.name} now`, adopted)
      }),
    )
}

/** The name that was given, or is typed at a terminal; undefined for a dry run. Refuses where there is neither. */
async function confirm(
  { name, publicUrl }: StorageStatus,
  { installation, dryRun }: ConfirmOptions,
  consequence: string,
): Promise<string | undefined> {
  if (installation !== undefined && installation !== name) {
    throw new RefusedError(`This is installation ${name} at ${publicUrl}, not ${installation}. Nothing was done`)
  }
  if (installation !== undefined) return installation
  process.stderr.write(`${consequence}\n`)
  if (dryRun) return undefined
  if (!process.stdin.isTTY) throw new RefusedError(`Nothing was done. To do it: --installation ${name}`)
  const typed = await askLine(`This is ${publicUrl}. Type ${name} to go on: `)
  if (typed !== name) throw new RefusedError('Nothing was done')
  return typed
}

async function auditAll(call: Cli['call']): Promise<{ items: StorageFinding[]; looked: number }> {
  const items: StorageFinding[] = []
  let looked = 0
  let cursor: string | null = null
  do {
    const page: Awaited<ReturnType<typeof next>> = await next(call, cursor)
    items.push(...page.items)
    looked += page.looked
    cursor = page.nextCursor
  } while (cursor !== null)
  return { items, looked }
}

function next(call: Cli['call'], cursor: string | null) {
  return call(media.auditStorage, cursor === null ? {} : { cursor })
}

async function sweepAll(call: Cli['call'], installation: string): Promise<number> {
  let enqueued = 0
  let cursor: string | undefined
  do {
    const page: { enqueued: number; nextCursor: string | null } = await call(media.sweepStorage, {
      installation,
      ...(cursor !== undefined && { cursor }),
    })
    enqueued += page.enqueued
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  return enqueued
}

async function restoreAll(call: Cli['call'], day: string, key: string): Promise<{ restored: number; kept: number }> {
  let restored = 0
  for (;;) {
    const part = await call(media.restoreFromQuarantine, { day, key })
    restored += part.restored
    if (!part.more) return { restored, kept: part.kept }
  }
}
