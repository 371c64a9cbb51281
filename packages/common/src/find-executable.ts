import { accessSync, constants } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'

/**
 * The path of a program: from the folders `first`, then from PATH, then from the folders `last`; undefined when it is in none.
 * Relative folders of PATH are ignored.
 */
export function findExecutable(
  name: string,
  { first = [], last = [] }: { first?: readonly string[]; last?: readonly string[] } = {},
): string | undefined {
  const onPath = (process.env.PATH ?? '').split(delimiter).filter(isAbsolute)
  return [...first, ...onPath, ...last].map((folder) => join(folder, name)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
