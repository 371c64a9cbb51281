import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { copyOf, createPresentation, edit } from '../../hls-check/test/support/presentation.ts'
import { runCli } from '../src/run-cli.ts'

const right = await createPresentation()

/** Runs `kinora hls check`; returns its output and exit code. */
async function check(...args: string[]): Promise<{ exitCode: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []]
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0)
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => err.push(String(text)) > 0)
  try {
    return { exitCode: await runCli(['hls', 'check', ...args], {}), out: out.join(''), err: err.join('') }
  } finally {
    stdout.mockRestore()
    stderr.mockRestore()
  }
}

it('judges a folder by all rules, without a running Kinora', async () => {
  const { exitCode, out } = await check(right)
  expect(exitCode).toBe(0)
  expect(out).toMatch(/^HLS-01 +kept +RFC 8216 4.1, 4.2 +Every playlist begins with #EXTM3U/m)
  expect(out).not.toContain('broken')
})

it('says which rule is broken where, and exits with 1', async () => {
  const folder = await copyOf(right)
  await edit(join(folder, '90p/list.m3u8'), (text) => text.replace('#EXT-X-ENDLIST', ''))
  const { exitCode, out, err } = await check(folder)
  expect(exitCode).toBe(1)
  expect(out).toMatch(/^HLS-07 +broken.*90p\/list.m3u8$/m)
  expect(err).toContain('breaks HLS-07')
})

it.each([
  ['is not an HLS playlist', 'sound/init_2.mp4'],
  ['cannot be read', 'other.m3u8'],
])('what %s is a wrong argument', async (words, name) => {
  const { exitCode, err } = await check(join(right, name))
  expect(exitCode).toBe(2)
  expect(err).toContain(words)
})
