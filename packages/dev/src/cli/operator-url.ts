import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fromPrivateFile, replacePrivateFile } from '../private-files.ts'
import { REPOSITORY } from '../repository.ts'

const FILE = join(REPOSITORY, '.kinora', 'operator.json')

interface Kept {
  amqpUrl: string
}

/** Writes the broker's URL to a file for `npm run kinora` while the system runs; returns a function that removes the file. */
export function publishOperatorUrl(amqpUrl: string): () => void {
  replacePrivateFile(FILE, { amqpUrl } satisfies Kept)
  return () => rmSync(FILE, { force: true })
}

/** The broker's URL of the system that runs from this checkout; undefined when none runs. */
export function operatorUrl(): string | undefined {
  return fromPrivateFile<Kept>(FILE)?.amqpUrl
}
