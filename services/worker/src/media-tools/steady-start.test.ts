import { describe, expect, it } from 'vitest'
import { withSteadyStart } from './steady-start.ts'

const AT_25 = [{ num: 25, den: 1 }]
const even = (begin: number) => Array.from({ length: 50 }, (_, index) => begin + index / 25)

describe('the first picture of a steady source', () => {
  it('is shown as long as the others when only it stands beside the grid', () => {
    const times = withSteadyStart([0, ...even(0.061)], AT_25)
    expect(times).toHaveLength(51)
    expect(times[0]).toBeCloseTo(0.021, 6)
  })

  it.each([
    ['frames are missing after it', [0, ...even(0.12)]],
    ['it is shown for long', [0, ...even(0.517)]],
    ['it is the only one before a second', [0, 0.061]],
    ['the others are at uneven times', [0, ...even(0.061).map((time, index) => time + (index % 3) * 0.013)]],
  ])('stays where it is when %s', (_, times) => {
    expect(withSteadyStart(times, AT_25)).toBe(times)
  })
})
