import { execFileSync } from 'node:child_process'
import { chmod, link, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { makeOutputFolder, takenFolder, withWorkspace } from '../infra/workspace.ts'
import { takeOutput } from './take-output.ts'

const root = await mkdtemp(join(tmpdir(), 'kinora-take-'))
const secret = join(root, 'secret')
afterAll(() => rm(root, { recursive: true, force: true }))
beforeEach(() => writeFile(secret, 'of the worker'))

const inWorkspace = (work: (workspace: string) => Promise<void>) => withWorkspace(join(root, 'work'), work)
const refusal = { taskCause: { class: 'host', code: 'VERIFICATION_FAILED' } }

describe('an output of a tool', () => {
  it('is moved out of its reach, with the rights of any file', () =>
    inWorkspace(async (workspace) => {
      await makeOutputFolder(workspace, '360p')
      await writeFile(join(workspace, '360p', '0.m4s'), 'a segment')
      await chmod(join(workspace, '360p', '0.m4s'), 0o4777)
      const taken = await takeOutput(workspace, '360p/0.m4s')
      expect(taken).toBe(join(takenFolder(workspace), '360p', '0.m4s'))
      expect(dirname(takenFolder(workspace))).toBe(dirname(workspace))
      expect(await readFile(taken, 'utf8')).toBe('a segment')
      expect((await stat(taken)).mode & 0o7777).toBe(0o644)
      await expect(stat(join(workspace, '360p', '0.m4s'))).rejects.toMatchObject({ code: 'ENOENT' })
    }))

  const planted: [string, (path: string) => Promise<unknown>][] = [
    ['a link to a secret', (path) => symlink(secret, path)],
    ['a link to a device', (path) => symlink('/dev/zero', path)],
    ['a second name of a file', (path) => link(secret, path)],
    ['a pipe', async (path) => execFileSync('mkfifo', [path])],
    ['a folder', (path) => mkdir(path)],
    ['nothing', async () => {}],
    ['a file that is too large', (path) => writeFile(path, 'x'.repeat(101))],
  ]
  it.each(planted)('is refused where it is %s', (_, plant) =>
    inWorkspace(async (workspace) => {
      await plant(join(workspace, '0.m4s'))
      await expect(takeOutput(workspace, '0.m4s', 100)).rejects.toMatchObject(refusal)
      expect(await readFile(secret, 'utf8')).toBe('of the worker')
    }),
  )

  it('is refused where its folder is a link to another one', () =>
    inWorkspace(async (workspace) => {
      await symlink(root, join(workspace, '360p'))
      await expect(takeOutput(workspace, '360p/secret')).rejects.toMatchObject(refusal)
      expect(await readFile(secret, 'utf8')).toBe('of the worker')
    }))
})

it('a workspace is removed with folders that nobody may enter', async () => {
  await inWorkspace(async (workspace) => {
    await mkdir(join(workspace, 'closed', 'inner'), { recursive: true })
    await writeFile(join(workspace, 'closed', 'inner', 'file'), '')
    await chmod(join(workspace, 'closed', 'inner'), 0)
    await chmod(join(workspace, 'closed'), 0)
  })
  expect(await readdir(join(root, 'work'))).toEqual([])
})
