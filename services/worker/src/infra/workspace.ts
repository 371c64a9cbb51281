import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'

/**
 * Folders are named `<host>@<pid>-<start time of that process>-<random>`, which distinguishes a running worker from a killed
 * one, even when the process id was reused. Containers may share the parent folder, although they do not see each other's
 * processes.
 */
const NAME = /^(.+)@(\d+)-(\d+)-\w+$/
const HOST = hostname().replace(/[^A-Za-z0-9.-]/g, '-')

/** Far longer than an attempt can take. */
const FOREIGN_AGE_MS = 24 * 3600 * 1000

/** Removes files that only the tool's user may remove. */
export type CleanWorkspace = (folder: string) => Promise<void>

/** Folders of a workspace: what tools see, and the outputs that were taken out of their reach. */
export const TOOLS = 'tools'
const TAKEN = 'taken'

/**
 * Runs `work` in a new empty folder, which is removed afterwards, also when `work` throws. Tools that run as another user may
 * create files in it (mode 1777), but can neither replace nor remove those of the worker. Its parent folder is accessible to
 * the worker only.
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

/** Creates an empty folder, which is swept when this process no longer runs. */
export async function createWorkspace(root: string): Promise<string> {
  await mkdir(root, { recursive: true, mode: 0o700 })
  return await mkdtemp(join(root, `${HOST}@${process.pid}-${(await processStart(process.pid)) ?? 0}-`))
}

/** The folder of the outputs that were taken from this workspace. */
export function takenFolder(workspace: string): string {
  return join(dirname(workspace), TAKEN)
}

/** Creates a folder in a workspace in which tools may create files. */
export async function makeOutputFolder(workspace: string, name: string): Promise<void> {
  await mkdir(join(workspace, name))
  await chmod(join(workspace, name), 0o777)
}

export async function removeWorkspace(folder: string, clean: CleanWorkspace = async () => {}): Promise<void> {
  const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 3 })
  await remove().catch(async () => {
    // A tool may have left folders without permissions.
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
