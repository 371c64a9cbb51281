import { writeFileSync } from 'node:fs'
import type { Reporter, TestCase } from 'vitest/node'

/** The part of vitest's JSON report that we count. */
export type TestReport = {
  numPassedTests: number
  numFailedTests: number
  testResults: { status: string; assertionResults: unknown[] }[]
}

/**
 * Totals over all projects. What failed without being a test counts as one failure: a file that could not be loaded,
 * a run that ended with an error of its own, a report that was never written.
 */
export function countTests(report: TestReport | undefined, exitCode: number): { passed: number; failed: number } {
  if (!report) return { passed: 0, failed: 1 }
  const unloadable = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
  const failed = report.numFailedTests + unloadable.length
  return { passed: report.numPassedTests, failed: failed === 0 && exitCode !== 0 ? 1 : failed }
}

/** More second tries than this fail a run, because they show a fault in the tests or the code. */
export const MOST_SECOND_TRIES = 2

/** A vitest reporter: writes the names of tests that passed at their second try to the file that KINORA_SECOND_TRIES names. */
export default class SecondTries implements Reporter {
  readonly #names: string[] = []

  onTestCaseResult(test: TestCase): void {
    if (test.diagnostic()?.flaky) this.#names.push(`${test.module.relativeModuleId} > ${test.fullName}`)
  }

  onTestRunEnd(): void {
    const file = process.env.KINORA_SECOND_TRIES
    if (file) writeFileSync(file, JSON.stringify(this.#names))
  }
}
