import { media, type QuarantinedFolder, type StorageFinding, type StorageStatus } from '@kinora/common/contracts'
import { type Command, Option } from 'commander'
import { type Act, type Cli, collect, limitOption } from '../cli.ts'
import { type Columns, timeOf } from '../printer.ts'
import { askLine, RefusedError } from '../terminal.ts'

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
  unmarked: 'has unknown files and no marker',
  empty: 'is empty, but the database is not',
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
  new Option('--installation <name>', 'name of the installation, from `storage status`, to confirm without a question')
const dryRunOption = () => new Option('--dry-run', 'only print what would be done').conflicts('installation')

export function storageCommands(program: Command, act: Act): void {
  const storage = program.command('storage').description('check, clean up and adopt the store of video files')

  storage
    .command('status')
    .description('show whether store and database belong together; exits with 1 when they do not')
    .action(
      act(async ({ call, print }) => {
        const status = await call(media.getStorageStatus, {})
        print.record(status, STATUS)
        if (status.problem !== null) throw new RefusedError(status.problem)
      }),
    )

  storage
    .command('audit')
    .description('find rows without files, and files without rows; exits with 1 when there are any')
    .action(
      act(async ({ call, print }) => {
        const { items, looked } = await auditAll(call)
        const page = { items, nextCursor: null }
        if (items.length === 0) return print.done(`Rows and files agree in ${looked} videos and folders`, page)
        print.list(page, FINDINGS)
        throw new RefusedError(`Rows and files differ in ${items.length} places`)
      }),
    )

  storage
    .command('sweep')
    .description(
      'move files without rows that are a day old or older to quarantine, and release waiting expired uploads',
    )
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
        const installation = await confirm(status, options, `This moves to quarantine: ${what}, if they are old enough`)
        if (installation === undefined) return
        const enqueued = await sweepAll(call, installation)
        const kept = `They can be restored for ${status.quarantineDays} days: kinora storage quarantine`
        print.done(`${enqueued} files and folders are being moved to quarantine. ${kept}`, { enqueued })
      }),
    )

  storage
    .command('quarantine')
    .description('list folders that were swept and can be restored, oldest first')
    .addOption(limitOption())
    .action(
      act(async ({ call, print }, { limit }: { limit: number }) => {
        print.list(await collect(call, media.listQuarantine, {}, limit), QUARANTINE)
      }),
    )

  storage
    .command('restore')
    .description('move a folder out of quarantine, back to its old place')
    .argument('<day>', 'day on which it was swept, from `storage quarantine`')
    .argument('<folder>', 'name of the folder, e.g. sources/4c1e…')
    .action(
      act(async ({ call, print }, day: string, key: string) => {
        const { restored, kept } = await restoreAll(call, day, key)
        if (restored + kept === 0) throw new RefusedError(`Nothing of ${key} was swept on ${day}`)
        const left = kept === 0 ? '' : `; ${kept} stay in quarantine, because newer ones exist`
        print.done(`${restored} files are back in ${key}${left}`, { restored, kept })
      }),
    )

  storage
    .command('adopt')
    .description('assign the store to this installation, after a backup was restored or with a new store')
    .addOption(installationOption())
    .addOption(dryRunOption())
    .action(
      act(async ({ call, print }, options: ConfirmOptions) => {
        const status = await call(media.getStorageStatus, {})
        if (status.problem === null) return print.done('The store already belongs to this installation', status)
        if (options.installation === undefined) print.record(status, STATUS)
        const installation = await confirm(
          status,
          options,
          `${status.problem}\nThis assigns the store to ${status.name}`,
        )
        if (installation === undefined) return
        const adopted = await call(media.adoptStore, { installation })
        print.done(`The store now belongs to installation ${adopted.name}`, adopted)
      }),
    )
}

/**
 * The confirmed name, from the option or typed at the terminal; undefined for a dry run. Throws `RefusedError` on a
 * wrong name, and without option and terminal.
 */
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
  if (!process.stdin.isTTY) throw new RefusedError(`Nothing was done. Confirm with --installation ${name}`)
  const typed = await askLine(`This is ${publicUrl}. Type ${name} to continue: `)
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
