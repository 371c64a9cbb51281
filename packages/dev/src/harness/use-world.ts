import { afterAll, inject } from 'vitest'
import './provided.ts'
import { createWorld, type World } from './world.ts'

/** At the top of a test file: `const world = await useWorld()`. It is removed after the file's last test. */
export async function useWorld(): Promise<World> {
  const world = await createWorld(inject('backing'))
  afterAll(() => world.remove())
  return world
}
