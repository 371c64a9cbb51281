import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fromPrivateFile, replacePrivateFile } from '../private-json.ts'
import { REPOSITORY } from '../repository.ts'

const FILE = join(REPOSITORY, '.kinora', 'operator.json')

interface Kept {
  amqpUrl: string
}

/** Leaves for the command line where the broker of the system is that runs here; returns how to take it back. */
export function publishOperatorUrl(amqpUrl: string): () => void {
  replacePrivateFile(FILE, { amqpUrl } satisfies Kept)
  return () => rmSync(FILE, { force: true })
}

/** Undefined when no system runs here. */
export function operatorUrl(): string | undefined {
  return fromPrivateFile<Kept>(FILE)?.amqpUrl
}
