import { expect, test } from 'vitest'
import { countTests } from './test-report.ts'

const file = (status: string, tests: number) => ({ status, assertionResults: Array(tests).fill({}) })

test('counts what passed and what failed', () => {
  const report = { numPassedTests: 3, numFailedTests: 1, testResults: [file('passed', 2), file('failed', 2)] }
  expect(countTests(report, 1)).toEqual({ passed: 3, failed: 1 })
})

test('a file that could not be loaded is a failure', () => {
  const report = { numPassedTests: 3, numFailedTests: 0, testResults: [file('passed', 3), file('failed', 0)] }
  expect(countTests(report, 1)).toEqual({ passed: 3, failed: 1 })
})

test('an error outside of all tests is a failure', () => {
  const report = { numPassedTests: 3, numFailedTests: 0, testResults: [file('passed', 3)] }
  expect(countTests(report, 1)).toEqual({ passed: 3, failed: 1 })
})

test('a run without a report is a failure', () => {
  expect(countTests(undefined, 0)).toEqual({ passed: 0, failed: 1 })
})
