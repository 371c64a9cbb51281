import type { Wall } from './wall.ts'

export async function openDecoderWall(_socket: string): Promise<Wall | undefined> {
  return undefined
}
