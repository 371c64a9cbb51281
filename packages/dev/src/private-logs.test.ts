import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { preparePrivateLogs } from './private-files.ts'

const modeOf = (path: string) => statSync(path).mode & 0o777

test("the folder and its files are their owner's alone, also where an earlier version made them", () => {
  const dir = mkdtempSync(join(tmpdir(), 'kinora-logs-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const [fresh, old] = [join(dir, 'fresh/log'), join(dir, 'old')]
  mkdirSync(old, { mode: 0o755 })
  chmodSync(old, 0o755)
  writeFileSync(join(old, 'auth.log'), 'line', { mode: 0o644 })
  preparePrivateLogs(fresh)
  preparePrivateLogs(old)
  appendFileSync(join(old, 'auth.log'), 'line')
  expect([modeOf(fresh), modeOf(old), modeOf(join(old, 'auth.log'))]).toEqual([0o700, 0o700, 0o600])
})
