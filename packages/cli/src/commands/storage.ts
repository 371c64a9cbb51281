import { media, type StorageFinding } from '@kinora/common/contracts'
import type { Command } from 'commander'
import type { Act, Cli } from '../cli.ts'
import type { Columns } from '../output/printer.ts'
import { RefusedError } from '../refused-error.ts'

const COLUMNS: Columns<StorageFinding> = {
  PROBLEM: (found) => (found.problem === 'missing' ? 'row without file' : 'file without row'),
  WHAT: (found) => found.what,
  VIDEO: (found) => found.videoId,
  FILES: (found) => found.files,
  EXAMPLE: (found) => found.example,
}

export function storageCommands(program: Command, act: Act): void {
  const storage = program.command('storage').description('the files of videos')

  storage
    .command('audit')
    .description('rows without files, and files without rows; exits with 1 when there are any')
    .action(
      act(async ({ call, print }) => {
        const { items, looked } = await auditAll(call)
        const page = { items, nextCursor: null }
        if (items.length === 0) return print.done(`Rows and files agree, in ${looked} videos and folders`, page)
        print.list(page, COLUMNS)
        throw new RefusedError(`Rows and files differ in ${items.length} places`)
      }),
    )
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
