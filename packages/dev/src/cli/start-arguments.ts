import { parseArgs } from 'node:util'
import { BACKING_KINDS, type BackingKind } from '../backing/servers-memory.ts'

export interface StartArguments {
  change: BackingKind | undefined
  files: string[]
}

/** What stands behind `npm start --` and `npm run demo --`; throws on what neither knows. */
export function startArguments(args: string[], mostFiles: number): StartArguments {
  const { values, positionals } = parseArgs({
    args,
    options: { 'change-backing': { type: 'string' } },
    allowPositionals: mostFiles > 0,
  })
  const wanted = values['change-backing']
  if (positionals.length > mostFiles) throw new Error(`At most ${mostFiles} file; given: ${positionals.join(' ')}`)
  const change = BACKING_KINDS.find((kind) => kind === wanted)
  if (wanted !== undefined && !change) {
    throw new Error(`--change-backing is one of ${BACKING_KINDS.join(', ')}; given: ${wanted || 'nothing'}`)
  }
  return { change, files: positionals }
}
