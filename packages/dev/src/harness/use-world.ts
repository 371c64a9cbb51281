import { afterAll, inject, onTestFinished } from 'vitest'
import './provided.ts'
import { createWorld, type World } from './world.ts'

/** At the top of a test file: `const world = await useWorld()`. It is removed after the file's last test. */
export async function useWorld(): Promise<World> {
  const world = await createWorld(inject('backing'))
  afterAll(() => world.remove())
  return world
}

/** One more, in the middle of a test: it is removed after that test. */
export async function worldOfTest(): Promise<World> {
  const world = await createWorld(inject('backing'))
  onTestFinished(() => world.remove())
  return world
}
