import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { FoundData } from './choose-servers.ts'
import { volumeExists } from './docker/docker-engine.ts'

/** What earlier starts left in the folder and in Docker; the engine is asked only where the answer matters. */
export async function findData(dir: string, volume: string, askDocker: boolean): Promise<FoundData> {
  const has = (...path: string[]) => existsSync(join(dir, ...path))
  return {
    native: has('postgres', 'data'),
    docker: askDocker ? await volumeExists(volume) : 'unknown',
    secrets: has('secrets.json'),
    serverPasswords: has('backing.json'),
  }
}
