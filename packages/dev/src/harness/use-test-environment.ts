import { afterAll, inject, onTestFinished } from 'vitest'
import './provided.ts'
import { createTestEnvironment, type TestEnvironment } from './test-environment.ts'

/** At the top of a test file: `const world = await useTestEnvironment()`. It is removed after the file's last test. */
export async function useTestEnvironment(): Promise<TestEnvironment> {
  const world = await createTestEnvironment(inject('backing'))
  afterAll(() => world.remove())
  return world
}

/** One more, in the middle of a test: it is removed after that test. */
export async function testEnvironmentOfTest(): Promise<TestEnvironment> {
  const world = await createTestEnvironment(inject('backing'))
  onTestFinished(() => world.remove())
  return world
}
