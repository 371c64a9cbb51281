import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { EventLoopStallDetector } from './event-loop-stall.ts'

it('knows for a moment how long this process did not run', async () => {
  const detector = new EventLoopStallDetector()
  await sleep(150)
  expect(detector.waitedMs()).toBe(0)
  // Nothing of this process runs meanwhile.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1200)
  expect(detector.waitedMs()).toBeGreaterThan(1100)
  await sleep(400)
  expect(detector.waitedMs()).toBe(0)
  detector.close()
})
