import { describe, expect, it } from 'vitest'
import { collectStretches, wholeTimeline } from './timeline.ts'

/** Three seconds of frames that begin at second 10 of the source's clock. */
const FOUND = {
  grid: { frameRate: { num: 25, den: 1 }, frameCount: 75, resample: false },
  startTime: 10,
  frames: 75,
}
const lay = (...audio: [number, number][]) => {
  const { timeline, warnings } = wholeTimeline(
    FOUND,
    audio.map(([from, to]) => ({ from, to })),
  )
  const { grid, startTime, shown } = timeline
  return [startTime, grid.frameCount, shown && [shown.from, shown.to], warnings.map(({ code }) => code)]
}

describe('the timeline of a video', () => {
  it.each<[string, [number, number][], ReturnType<typeof lay>]>([
    ['without audio', [], [10, 75, undefined, []]],
    ['with audio of the same length', [[10, 13]], [10, 75, undefined, []]],
    ['with audio that begins later and ends earlier', [[11, 12]], [10, 75, undefined, []]],
    ['with a last packet of audio behind the last frame', [[9.95, 13.09]], [10, 75, undefined, []]],
    ['with audio that ends a little later', [[10, 13.5]], [10, 88, [0, 75], []]],
    ['with audio that ends much later', [[10, 22]], [10, 300, [0, 75], ['FRAMES_HELD']]],
    ['with audio that begins earlier', [[8, 13]], [8, 125, [50, 125], ['FRAMES_BLACK']]],
    ['with audio around it', [[9.5, 13.2]], [9.48, 93, [13, 88], []]],
    ['with audio an hour later', [[3600, 3700]], [10, 75, undefined, ['AUDIO_CUT']]],
    ['with audio an hour earlier', [[-3600, -3500]], [10, 75, undefined, ['AUDIO_CUT']]],
    [
      'with audio in several parts, the last out of reach',
      [
        [10, 12],
        [40, 41],
        [90, 91],
        [1000, 1001],
      ],
      [10, 2025, [0, 75], ['AUDIO_CUT', 'FRAMES_HELD']],
    ],
  ])('%s', (_, audio, expected) => {
    const [startTime, ...rest] = lay(...audio)
    expect(startTime).toBeCloseTo(expected[0] as number, 6)
    expect(rest).toEqual(expected.slice(1))
  })

  it('knows a still as one frame, however long it is shown', () => {
    const still = { grid: { ...FOUND.grid, frameCount: 25 }, startTime: 0, frames: 1 }
    expect(wholeTimeline(still, []).timeline.shown).toEqual({ from: 0, to: 1 })
    expect(wholeTimeline(still, [{ from: 0, to: 4 }]).timeline.grid.frameCount).toBe(100)
  })
})

it('packets of audio become stretches without gaps, in order of time', () => {
  const stretches = collectStretches()
  for (const time of [5, 5.25, 5.75, 5.5, 7.5, 1, 1.25]) stretches.see(time, 0.25)
  expect(stretches.result()).toEqual([
    { from: 1, to: 1.5 },
    { from: 5, to: 6 },
    { from: 7.5, to: 7.75 },
  ])
})
