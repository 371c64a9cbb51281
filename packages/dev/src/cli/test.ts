import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { REPOSITORY } from '../repository.ts'
import { countTests, type TestReport } from './count-tests.ts'

/** `npm test [-- vitest's arguments]`: all projects in one run, then one plain line for those who count. */
const folder = mkdtempSync(join(tmpdir(), 'kinora-report-'))
try {
  const file = join(folder, 'report.json')
  const code = await runVitest(['--reporter=default', '--reporter=json', `--outputFile.json=${file}`])
  const { passed, failed } = countTests(readReport(file), code)
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`)
  process.exitCode = failed > 0 ? 1 : code
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function runVitest(reporters: string[]): Promise<number> {
  const vitest = join(REPOSITORY, 'node_modules/vitest/vitest.mjs')
  const args = [vitest, 'run', ...reporters, ...process.argv.slice(2)]
  // Ctrl-C reaches vitest by itself, which then stops its servers; we wait for that.
  process.on('SIGINT', () => {})
  const child = spawn(process.execPath, args, { cwd: REPOSITORY, stdio: 'inherit' })
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  const [code] = (await once(child, 'exit')) as [number | null]
  return code ?? 1
}

function readReport(file: string): TestReport | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as TestReport
  } catch {
    return undefined
  }
}
