import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { REPOSITORY } from '../repository.ts'
import { countTests, MOST_SECOND_TRIES, type TestReport } from './test-report.ts'

/**
 * `npm test [-- arguments of vitest]`: runs all projects, then prints the tests that needed a second try, and one line with
 * the numbers of passed and failed tests.
 */
const folder = mkdtempSync(join(tmpdir(), 'kinora-report-'))
try {
  const file = join(folder, 'report.json')
  const seconds = join(folder, 'second-tries.json')
  process.env.KINORA_SECOND_TRIES = seconds
  const reporters = ['default', 'json', fileURLToPath(new URL('./test-report.js', import.meta.url))]
  const code = await runVitest([...reporters.map((it) => `--reporter=${it}`), `--outputFile.json=${file}`])
  const late = readReport<string[]>(seconds) ?? []
  process.stdout.write(`\n${[`${late.length} needed a second try`, ...late].join('\n  ')}\n`)
  const tooMany = late.length > MOST_SECOND_TRIES
  if (tooMany) process.stdout.write(`More than ${MOST_SECOND_TRIES} second tries fail the run\n`)
  const { passed, failed } = countTests(readReport<TestReport>(file), tooMany ? 1 : code)
  if (process.env.KINORA_LONG_TESTS !== 'true') {
    process.stdout.write('\nNot part of this run: the hostile corpus and the large upload (npm run test:long)\n')
  }
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

function readReport<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T
  } catch {
    return undefined
  }
}
