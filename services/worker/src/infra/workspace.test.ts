import { mkdir, mkdtemp, readdir, rm, utimes } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { sweepWorkspaces, withWorkspace } from './workspace.ts'

const HOST = hostname().replace(/[^A-Za-z0-9.-]/g, '-')
let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'kinora-workspaces-'))
})
afterEach(() => rm(root, { recursive: true }))

it('leaves the folder of a worker that runs, and removes that of one that was killed', async () => {
  await mkdir(join(root, `${HOST}@${process.pid}-1-dead`))
  await withWorkspace(root, async (folder) => {
    expect(await sweepWorkspaces(root)).toBe(1)
    expect(await readdir(root)).toEqual([basename(dirname(folder))])
  })
  expect(await readdir(root)).toEqual([])
})

it("leaves another container's folder alone for a day, whatever process number it names", async () => {
  const folder = join(root, `another-host@${process.pid}-1-alive`)
  await mkdir(folder)
  expect(await sweepWorkspaces(root)).toBe(0)
  const longAgo = new Date(Date.now() - 25 * 3600 * 1000)
  await utimes(folder, longAgo, longAgo)
  expect(await sweepWorkspaces(root)).toBe(1)
})
