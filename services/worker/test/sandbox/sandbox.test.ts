import { spawn } from 'node:child_process'
import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { until } from '@kinora/dev/harness'
import { describe, expect, it, vi } from 'vitest'
import { openBubblewrap } from '../../src/infra/bubblewrap.ts'
import { chooseSandbox, openLimits } from '../../src/infra/choose-sandbox.ts'
import { runTool, type Tools } from '../../src/infra/run-tool.ts'
import type { Sandbox } from '../../src/infra/sandbox.ts'
import { temporaryFolder } from '../support/clips.ts'
import { startDecoder } from './decoder.ts'
import { type Goals, MEMORY_BYTES, OUTPUT_BYTES, openGoals } from './goals.ts'

vi.setConfig({ testTimeout: 60_000 })

const HOSTILE = fileURLToPath(new URL('hostile.pl', import.meta.url))
const LIMITS = { memoryBytes: MEMORY_BYTES, cpuSeconds: 30, wallSeconds: 30 }

const folder = await temporaryFolder()
const goals = await openGoals(folder)
const bubblewrap = await openBubblewrap()
const limits = await openLimits()
// Where it is: a folder of the repository is not visible to another user.
const hostile = join(folder, 'ffmpeg')
await cp(HOSTILE, hostile)
const decoder = process.getuid?.() === 0 ? await startDecoder(folder, hostile) : undefined

/** What the program reached; fails when it did not try everything. */
async function attempts(sandbox: Sandbox, ...options: string[]): Promise<{ tried: string[]; reached: string[] }> {
  const { workspace: cwd, args } = goals
  await chmod(join(cwd, 'source'), 0o640)
  const command = { program: hostile, args: [...args, ...options], cwd, limits: LIMITS, outputBytes: OUTPUT_BYTES }
  const tool = sandbox.start(command)
  const [printed, complaint] = await Promise.all([text(tool.stdout), text(tool.stderr), tool.ended])
  tool.signal('SIGKILL')
  expect({ complaint, printed }).toMatchObject({ complaint: '', printed: expect.stringMatching(/^end\tno$/m) })
  const lines = printed.trim().split('\n').slice(0, -1)
  const [tried, reached] = [lines.map(nameOf), lines.filter((line) => line.endsWith('\treached')).map(nameOf)]
  return { tried, reached }
}

const nameOf = (line: string) => line.split('\t')[0] ?? ''

it('says which sandbox it has, and refuses to start without the one that is demanded', async () => {
  const chosen = await chooseSandbox({ wanted: 'auto', decoderSocket: '' })
  expect(chosen.kind).toBe(bubblewrap ? 'bubblewrap' : 'limits')
  if (!bubblewrap) console.warn('bubblewrap cannot be used here: ffmpeg has limits only, and the attempts are not made')
  expect((await chooseSandbox({ wanted: 'none', decoderSocket: '' })).kind).toBe('limits')
  await expect(chooseSandbox({ wanted: 'container', decoderSocket: '' })).rejects.toThrow('TOOL_SANDBOX=container')
  const demanded = chooseSandbox({ wanted: 'bubblewrap', decoderSocket: '' })
  if (bubblewrap) expect((await demanded).kind).toBe('bubblewrap')
  else await expect(demanded).rejects.toThrow('TOOL_SANDBOX=bubblewrap')
})

it('without a sandbox, a hostile program reaches nearly everything: its attempts are real', async () => {
  const { tried, reached } = await attempts(limits, 'harmless')
  expect(reached).toEqual(
    expect.arrayContaining(['environment of the worker', 'another upload', 'the list of the storage']),
  )
  expect(reached).toEqual(
    expect.arrayContaining(['secrets of the installation', 'a Unix socket', 'a file of another job']),
  )
  expect(reached).toEqual(expect.arrayContaining(['a link to a secret', 'a signal to the worker', 'many processes']))
  expect(reached.length).toBeGreaterThan(tried.length / 2)
})

describe.runIf(bubblewrap)('behind bubblewrap', () => {
  const sandbox = bubblewrap as Sandbox

  it('a hostile program reaches nothing', async () => {
    const { tried, reached } = await attempts(sandbox)
    expect(reached).toEqual([])
    expect(tried.length).toBeGreaterThan(60)
    expect(await readFile(join(goals.workspace, 'source'), 'utf8')).toBe('a video')
  })
})

describe('in another container', () => {
  // What a container has of its own: processes, users, devices, and a root folder without a place to write.
  const OF_THE_MACHINE = ['command line of the worker', 'users of the machine', 'devices of the machine']
  const OF_A_CONTAINER = [...OF_THE_MACHINE, 'kernel settings', 'temporary files']

  it('a hostile program reaches nothing of ours, and its worker hears all that it prints', async () => {
    if (!decoder) return console.warn('the decoder needs root: the attempts in it are not made')
    const { tried, reached } = await attempts(decoder)
    expect(reached.filter((name) => !OF_A_CONTAINER.includes(name))).toEqual([])
    expect(tried.length).toBeGreaterThan(60)
    expect(await readFile(join(goals.workspace, 'source'), 'utf8')).toBe('a video')
    await expect(
      chooseSandbox({ wanted: 'container', decoderSocket: join(folder, 'decoder.sock') }),
    ).resolves.toBeDefined()
  })
})

const sandboxes = [bubblewrap, limits, decoder].flatMap((sandbox) =>
  sandbox ? [[sandbox.kind, sandbox] as const] : [],
)

describe.each(sandboxes)('%s', (kind, sandbox) => {
  const run = async (args: string[], signal = new AbortController().signal, slot?: Tools['slot']) => {
    const tools = { sandbox, limits: LIMITS, slot } as Tools
    const cwd = await newWorkspace(goals)
    const end = runTool(tools, { command: hostile, args, cwd, outputBytes: OUTPUT_BYTES, signal })
    return { cwd, end }
  }
  const countIn = async (cwd: string) => Number(await readFile(join(cwd, 'count'), 'utf8').catch(() => '0'))

  it('pauses and resumes a tool, and kills it', async () => {
    const stop = new AbortController()
    let tool: { pause(): void; resume(): void } | undefined
    const add = (added: typeof tool) => {
      tool = added
      return () => {}
    }
    const slot = { add } as unknown as Tools['slot']
    const { cwd, end } = await run(['loop'], stop.signal, slot)
    await until(async () => (await countIn(cwd)) > 3)
    tool?.pause()
    await sleep(100)
    const paused = await countIn(cwd)
    await sleep(300)
    expect(await countIn(cwd)).toBe(paused)
    tool?.resume()
    await until(async () => (await countIn(cwd)) > paused)
    tool?.pause()
    stop.abort(new Error('enough'))
    await expect(end).rejects.toThrow('enough')
    const killed = await countIn(cwd)
    await sleep(200)
    expect(await countIn(cwd)).toBe(killed)
  })

  it('kills a tool that fills the disk, and one whose output has no end', async () => {
    const filling = await run(['fill'])
    expect(await filling.end).toMatchObject({ overOutput: true })
    const { cwd } = filling
    const tools = { sandbox, limits: LIMITS } as Tools
    const signal = new AbortController().signal
    const endless = { command: hostile, args: ['endless'], cwd, outputBytes: OUTPUT_BYTES, signal, onLine: () => {} }
    expect(await runTool(tools, endless)).toMatchObject({ overOutput: true })
  })

  it('a tool dies with its worker', async () => {
    const cwd = await newWorkspace(goals)
    const worker = spawn(
      process.execPath,
      [...process.execArgv, ...TSX, ABANDONED, kind, hostile, cwd, join(folder, 'decoder.sock')],
      {
        cwd: SERVICE,
        stdio: ['ignore', 'inherit', 'inherit'],
      },
    )
    await until(async () => (await countIn(cwd)) > 3, { timeoutMs: 30_000 })
    worker.kill('SIGKILL')
    const stands = async () => {
      const left = await countIn(cwd)
      await sleep(500)
      return (await countIn(cwd)) === left
    }
    await until(stands, { timeoutMs: 15_000 })
  })
})

const SERVICE = fileURLToPath(new URL('../..', import.meta.url))
const TSX = ['--conditions=development', '--import', 'tsx']
const ABANDONED = fileURLToPath(new URL('abandoned-worker.ts', import.meta.url))

let workspaces = 0
async function newWorkspace({ workspace }: Goals): Promise<string> {
  const cwd = join(workspace, '..', '..', `host@1-1-n${workspaces++}`, 'tools')
  await mkdir(cwd, { recursive: true, mode: 0o777 })
  await writeFile(join(cwd, 'source'), 'a video')
  await chmod(cwd, 0o1777)
  return cwd
}
