import { constants, copyFile, lstat, mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { hostFault } from '../domain/task-failure.ts'
import { takenFolder } from '../infra/workspace.ts'

/** Of outputs: what ffmpeg gives its files. */
const MODE = 0o644
/** Of outputs that are read as a whole: some minutes of the largest rung. */
const MAX_READ_BYTES = 512 * 1024 * 1024

/**
 * Moves a file that a tool has written out of the tool's reach, and returns its new path. Only a plain file without other
 * names is taken: a tool in which a stranger's code runs may leave links to files that the worker may read, or pipes at which
 * it would wait. It may also exchange names at any moment; so the file is opened first, by a folder that is held open, and
 * what is moved must be what was opened. Throws a host fault otherwise.
 * @param name at most one folder below the workspace
 */
export async function takeOutput(workspace: string, name: string, maxBytes = MAX_READ_BYTES): Promise<string> {
  const target = join(takenFolder(workspace), name)
  await mkdir(dirname(target), { recursive: true })
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants
  const folder = await open(join(workspace, dirname(name)), O_RDONLY | O_DIRECTORY | O_NOFOLLOW).catch(refuse)
  try {
    const path = pathIn(folder.fd, join(workspace, dirname(name)), basename(name))
    const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch(refuse)
    try {
      const found = await file.stat()
      if (!found.isFile() || found.nlink !== 1) throw refused('not a plain file')
      if (found.size > maxBytes) throw refused(`${found.size} bytes`)
      const me = process.getuid?.()
      if (found.uid !== me && me !== 0) {
        // A file of the tool's own user cannot be given to the worker.
        await copyFile(pathOfOpen(file.fd, path), target, constants.COPYFILE_FICLONE)
        await rm(path, { force: true })
        return target
      }
      await rename(path, target)
      const moved = await lstat(target)
      if (moved.ino !== found.ino || moved.dev !== found.dev) {
        await rm(target, { force: true })
        throw refused('exchanged while it was taken')
      }
      if (found.uid !== me) await file.chown(me ?? found.uid, process.getgid?.() ?? found.gid)
      if ((found.mode & 0o7777) !== MODE) await file.chmod(MODE)
      return target
    } finally {
      await file.close()
    }
  } finally {
    await folder.close()
  }
}

/** The entry of an open folder, even when the folder's name belongs to another one since. */
function pathIn(fd: number, folder: string, name: string): string {
  return process.platform === 'linux' ? `/proc/self/fd/${fd}/${name}` : join(folder, name)
}

function pathOfOpen(fd: number, path: string): string {
  return process.platform === 'linux' ? `/proc/self/fd/${fd}` : path
}

function refuse(error: NodeJS.ErrnoException): never {
  throw refused(error.code ?? String(error))
}

function refused(diagnosis: string): Error {
  return hostFault('VERIFICATION_FAILED', 'A file that was made of this video is not as it should be.', diagnosis)
}
