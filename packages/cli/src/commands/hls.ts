import { checkPresentation, FetchError, folderSource, NotAPlaylist, type Verdict, webSource } from '@kinora/hls-check'
import type { Command } from 'commander'
import type { Columns, Printer } from '../printer.ts'
import { RefusedError, UsageError } from '../terminal.ts'

const COLUMNS: Columns<Verdict> = {
  RULE: ({ rule }) => rule,
  VERDICT: ({ verdict }) => verdict,
  SOURCE: ({ source }) => source,
  REQUIREMENT: ({ says }) => says,
  WHERE: ({ where }) => (where.length === 0 ? null : where.join('; ')),
}

/** Adds `hls check`, which works on any presentation and needs no connection to Kinora. */
export function hlsCommands(program: Command, printer: () => Printer): void {
  const hls = program.command('hls').description('check HTTP Live Streaming presentations')

  hls
    .command('check')
    .description('read a complete HLS presentation (fragmented MP4) as a player does, and check it against RFC 8216')
    .argument('<where>', 'http(s) URL of a playlist, a playlist file, or a folder with master.m3u8')
    .action(async (where: string) => {
      const verdicts = await check(where)
      printer().list({ items: verdicts, nextCursor: null }, COLUMNS)
      const broken = verdicts.filter(({ verdict }) => verdict === 'broken').map(({ rule }) => rule)
      if (broken.length > 0) throw new RefusedError(`${where} breaks ${broken.join(', ')}`)
    })
}

/** Throws `UsageError` when there is no playlist at `where`. */
async function check(where: string): Promise<Verdict[]> {
  try {
    const source = /^https?:\/\//i.test(where) ? webSource(new URL(where)) : await folderSource(where)
    return (await checkPresentation(source)).verdicts
  } catch (error) {
    if (error instanceof NotAPlaylist) throw new UsageError(`${where} is not an HLS playlist: ${error.message}`)
    if (error instanceof FetchError) throw new UsageError(`${where} cannot be read: ${error.message}`)
    throw error
  }
}
