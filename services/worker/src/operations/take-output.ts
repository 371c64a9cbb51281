import { constants, copyFile, lstat, mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { hostFault } from '../domain/task-failure.ts'
import { takenFolder } from '../infra/workspace.ts'

/** Permissions of outputs, the same as ffmpeg's. */
const MODE = 0o644
/** For outputs that are read into memory: some minutes of the largest rung. */
const MAX_READ_BYTES = 512 * 1024 * 1024

/**
 * Moves a file that a tool has written out of the tool's reach, and returns its new path. Only a regular file with one name is
 * taken: a compromised tool may leave links to files that the worker can read, or pipes that would block it. It may also
 * exchange names at any moment, so the file is opened first, relative to an open folder, and the moved file must be the opened
 * one. Throws a host fault otherwise.
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
      if (!found.isFile() || found.nlink !== 1) throw refused('not a regular file')
      if (found.size > maxBytes) throw refused(`${found.size} bytes`)
      const me = process.getuid?.()
      if (found.uid !== me && me !== 0) {
        // Only root can change the owner of a file, so the worker copies it.
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

/** The path of an entry of an open folder; still valid when the folder's name was given to another one. */
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
  return hostFault('VERIFICATION_FAILED', 'A file of the finished video is not as expected.', diagnosis)
}
