import type { SourceFacts } from '@kinora/common/contracts'
import { readVideoTrack } from '@kinora/formats/mp4'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { moovOf, type SomeTrack, someTrack } from '../../../../packages/formats/test/support/some-moov.ts'
import { remuxableTrack } from './remux.ts'

const video = {
  ...{ streamIndex: 0, codec: 'h264', pixelFormat: 'yuv420p', width: 640, height: 360, resample: false },
  ...{ frameRate: { num: 10, den: 1 }, frameCount: 70, interlaced: false, hdr: false, startTime: 0 },
} satisfies SourceFacts['video']

function judged(change: Partial<SomeTrack>, facts: Partial<SourceFacts['video']> = {}) {
  return remuxableTrack(readVideoTrack(moovOf({ ...someTrack(70, 20), ...change })), { ...video, ...facts })
}

/** Frames of ten a second, in ticks of a thousandth; the second is shown after the third. */
const swapped = Array.from({ length: 70 }, (_, index) => (index % 20 === 1 ? 200 : index % 20 === 2 ? 0 : 100))

describe('a video track that can be remuxed', () => {
  it('tells where it is cut, and gives the largest segment', () => {
    // Ten frames a second: short segments of 20 frames, which are counted as 30, as the last one is.
    const sizes = Array.from({ length: 70 }, (_, index) => (index < 60 ? 976 : 1976))
    const cuts = [0, 20, 40, 60]
    expect(judged({ sizes })).toEqual({ copyable: { peakBitrate: 53_334 }, cuts })
    expect(judged({ sizes: sizes.map((size) => (size === 1976 ? 3976 : size)) })?.copyable.peakBitrate).toBe(106_667)
  })

  it('is told of all when only its beginning is here', () => {
    const track = readVideoTrack(moovOf(someTrack(200, 20)))
    expect(remuxableTrack(track, video, false)).toMatchObject({
      ...{ copyable: { part: true }, cuts: [0, 20, 40, 60, 120, 180] },
    })
    expect(remuxableTrack(track, video, true)).toBeUndefined()
  })

  it.each<[string, Partial<SomeTrack>]>([
    ['more key frames in between', { syncs: [1, 6, 21, 22, 41, 61] }],
    ['a single key frame', { syncs: [1] }],
    ['a key frame at each change of scene', { syncs: [1, 14, 37, 39, 66] }],
    [
      'times that waver by less than a quarter of a frame',
      {
        steps: [
          [10, 100],
          [1, 120],
          [1, 80],
          [58, 100],
        ],
      },
    ],
    ['no table of key frames, so that all are', { syncs: null }],
    ['frames in another order, shown later by an edit list', { offsets: swapped, edits: [[7000, 100]] }],
    ['frames in another order without an edit list', { offsets: swapped }],
    [
      'a beginning at which nothing is shown',
      {
        edits: [
          [500, -1],
          [7000, 0],
        ],
      },
    ],
    ['main profile', { avc: [77, 0, 30] }],
    ['constrained baseline', { avc: [66, 0x40, 30] }],
  ])('may have %s', (_, change) => {
    expect(judged(change)).toBeDefined()
  })

  it.each<[string, Partial<SomeTrack>]>([
    ['no key frame at its beginning', { syncs: [2, 21, 41] }],
    [
      'frames that are shown in another group',
      { offsets: swapped.map((offset, index) => (index === 19 ? 200 : offset)) },
    ],
    ['two frames at one time', { offsets: swapped.map((offset, index) => (index === 2 ? 100 : offset)) }],
    ['frames between two places', { offsets: swapped.map((offset, index) => (index === 5 ? 150 : offset)) }],
    ['a frame before the first key frame', { offsets: swapped.map((offset, index) => (index === 0 ? 300 : offset)) }],
    ['an edit list that leaves out the beginning', { edits: [[6000, 1000]] }],
    ['an edit list that leaves out the end', { edits: [[6000, 0]] }],
    ['an edit list that shows them twice as fast', { edits: [[7000, 0]], editRate: 0x20000 }],
    [
      'an edit list of two parts',
      {
        edits: [
          [2000, 0],
          [5000, 2000],
        ],
      },
    ],
    ['another rate', { step: 101 }],
    [
      'a gap',
      {
        steps: [
          [10, 100],
          [1, 200],
          [59, 100],
        ],
      },
    ],
    ['a length of zero', { step: 0 }],
    ['another number of frames', { sizes: Array(69).fill(100), offsets: null }],
    ['two sets of parameters', { sequences: 2 }],
    ['baseline with all that it may have', { avc: [66, 0, 30] }],
    ['ten bits', { avc: [110, 0, 30] }],
    ['a level for larger frames', { avc: [100, 0, 51] }],
  ])('does not have %s', (_, change) => {
    expect(judged(change)).toBeUndefined()
  })

  it('of 2160 lines may have the level that they need', () => {
    expect(judged({ avc: [100, 0, 51] }, { width: 3840, height: 2160 })).toBeDefined()
  })
})

describe('an index', () => {
  it('is read, or refused with RangeError, whatever it contains', () => {
    const whole = moovOf({ ...someTrack(70, 20), edits: [[7000, 0]] })
    const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(damage, fc.nat(whole.length), (changes, end) => {
        const file = Buffer.from(whole)
        for (const [at, value] of changes) file[at] = value
        for (const bytes of [file, file.subarray(0, end)]) {
          try {
            remuxableTrack(readVideoTrack(bytes), video)
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError)
          }
        }
      }),
      { numRuns: 2000 },
    )
  })
})
