import { writeFileSync } from 'node:fs'
import type { Reporter, TestCase } from 'vitest/node'

/** More than these in one run are a fault in the tests, or in what they test. */
export const MOST_SECOND_TRIES = 2

/** A vitest reporter: writes the names of tests that passed at their second try to the file of KINORA_SECOND_TRIES. */
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
