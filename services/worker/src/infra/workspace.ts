import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'

/**
 * Folders are named `<host>@<pid>-<start time of that process>-<random>`. The name tells a worker that was killed from one
 * that runs, even when its process number was reused. Containers may share the parent folder, and none of them sees the
 * processes of another.
 */
const NAME = /^(.+)@(\d+)-(\d+)-\w+$/
const HOST = hostname().replace(/[^A-Za-z0-9.-]/g, '-')

/** Far longer than an attempt can take. */
const FOREIGN_AGE_MS = 24 * 3600 * 1000

/** Removes what only the user of a tool may remove. */
export type CleanWorkspace = (folder: string) => Promise<void>

/** All that tools see of a workspace; and what was taken from there, out of their reach. */
export const TOOLS = 'tools'
const TAKEN = 'taken'

/**
 * Runs `work` in an empty folder of its own, which is removed afterwards, also when `work` throws. Tools may be another user,
 * who may make files there (mode 1777), but neither replace nor remove those of the worker. The folder around it is the
 * worker's alone.
 */
export async function withWorkspace<T>(
  root: string,
  work: (folder: string) => Promise<T>,
  clean: CleanWorkspace = async () => {},
): Promise<T> {
  const folder = await createWorkspace(root)
  try {
    const tools = join(folder, TOOLS)
    await mkdir(tools)
    await chmod(tools, 0o1777)
    return await work(tools)
  } finally {
    await removeWorkspace(folder, clean)
  }
}

/** Creates an empty folder, which is swept after this process has died. */
export async function createWorkspace(root: string): Promise<string> {
  await mkdir(root, { recursive: true, mode: 0o700 })
  return await mkdtemp(join(root, `${HOST}@${process.pid}-${(await processStart(process.pid)) ?? 0}-`))
}

/** Where outputs are that were taken from this workspace. */
export function takenFolder(workspace: string): string {
  return join(dirname(workspace), TAKEN)
}

/** Makes a folder in a workspace, in which tools may make files. */
export async function makeOutputFolder(workspace: string, name: string): Promise<void> {
  await mkdir(join(workspace, name))
  await chmod(join(workspace, name), 0o777)
}

export async function removeWorkspace(folder: string, clean: CleanWorkspace = async () => {}): Promise<void> {
  const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 3 })
  await remove().catch(async () => {
    // A tool may have left folders that nobody may enter.
    await clean(folder)
    await openFolders(folder)
    await remove()
  })
}

async function openFolders(folder: string): Promise<void> {
  if (!(await lstat(folder)).isDirectory()) return
  await chmod(folder, 0o700).catch(() => {})
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  for (const entry of entries) if (entry.isDirectory()) await openFolders(join(folder, entry.name))
}

/**
 * Removes folders of killed workers of this machine, and folders of other machines that have not changed for a day.
 * Returns the number of folders removed.
 */
export async function sweepWorkspaces(root: string, clean?: CleanWorkspace): Promise<number> {
  await mkdir(root, { recursive: true, mode: 0o700 })
  let removed = 0
  for (const name of await readdir(root)) {
    const [, host, pid, start] = NAME.exec(name) ?? []
    if (!host || !pid || !start) continue
    const inUse = host === HOST ? await isRunning(Number(pid), start) : await isYoung(join(root, name))
    if (inUse) continue
    await removeWorkspace(join(root, name), clean)
    removed += 1
  }
  return removed
}

async function isYoung(folder: string): Promise<boolean> {
  // Missing: its worker has just removed it.
  const found = await stat(folder).catch(() => null)
  return found === null || Date.now() - found.mtimeMs < FOREIGN_AGE_MS
}

async function isRunning(pid: number, start: string): Promise<boolean> {
  const found = await processStart(pid)
  // Without /proc only the number can be checked; keeping a folder is better than removing that of a live worker.
  return found === undefined ? hasProcess(pid) : found === start
}

function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Clock ticks from boot to the start of a process: field 22 of proc(5) stat, counted after the command's last `)`. */
async function processStart(pid: number): Promise<string | undefined> {
  try {
    const line = await readFile(`/proc/${pid}/stat`, 'utf8')
    return line.slice(line.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}
