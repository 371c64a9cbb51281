import { expect, it } from 'vitest'
import { detectTimestampJumps } from './timestamp-jumps.ts'

const run = (begin: number, count: number) => Array.from({ length: count }, (_, index) => begin + index / 25)

function losesMany(...runs: number[][]): boolean {
  const jumps = detectTimestampJumps()
  for (const time of runs.flat()) jumps.see(time)
  return jumps.losesMany()
}

it.each([
  ['starts again', [run(1.4, 250), run(1.4, 250)]],
  ['goes on before where it began', [run(100, 250), run(0, 250)]],
  ['starts again for the last tenth', [run(0, 900), run(0, 100)]],
])('many frames are lost when the clock %s', (_, runs) => {
  expect(losesMany(...runs)).toBe(true)
})

it.each([
  ['goes on', [run(0, 500)]],
  ['leaps ahead', [run(0, 250), run(3600, 250)]],
  ['is wrong by hours for half a second', [run(0, 250), run(9000, 12), run(10.5, 250)]],
  ['is 0 now and then', [run(0, 100), [0], run(4.04, 100), [0], run(8.08, 100)]],
  ['goes back by half a second', [run(0, 250), run(9.5, 250)]],
  ['starts again for a few frames at the end', [run(0, 500), run(0, 20)]],
  ['ticks every two seconds', [run(0, 100).map((time) => time * 50)]],
  ['is missing', []],
])('not many frames are lost when it %s', (_, runs) => {
  expect(losesMany(...runs)).toBe(false)
})
