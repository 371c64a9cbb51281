import { describe, expect, it } from 'vitest'
import { moovOf, type SomeTrack, someTrack } from '../../test/support/some-moov.ts'
import { readVideoTrack } from './video-track.ts'

describe('an index', () => {
  it.each<[string, Partial<SomeTrack>]>([
    ['fewer times than frames', { steps: [[69, 100]] }],
    ['times of more frames than it has', { steps: [[71, 100]] }],
    ['two entries of samples', { entries: 2 }],
    ['parameters among the frames', { format: 'avc3' }],
    ['rotated frames', { matrix: [0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000] }],
    ['key frames out of order', { syncs: [1, 41, 21] }],
    ['two video tracks', { tracks: 2 }],
    ['an edit list of a thousand parts', { edits: Array(1000).fill([7, 0]) }],
  ])('is refused that has %s', (_, change) => {
    expect(() => readVideoTrack(moovOf({ ...someTrack(70, 20), ...change }))).toThrow(RangeError)
  })

  it('of absurd counts and of very many boxes is refused before anything of that size is made', () => {
    const table = (type: string, ...words: number[]) => moovOf({ ...someTrack(70, 20), replace: { type, words } })
    expect(() => readVideoTrack(table('stsz', 0, 0, 0xffffffff))).toThrow(RangeError)
    expect(() => readVideoTrack(table('stsz', 0, 0, 4_000_000))).toThrow(RangeError)
    expect(() => readVideoTrack(table('stsz', 0, 16, 0x7fffffff))).toThrow(RangeError)
    expect(() => readVideoTrack(table('stts', 0, 0xffffffff, 1, 1))).toThrow(RangeError)
    expect(() => readVideoTrack(table('ctts', 0, 1, 0xffffffff, 1))).toThrow(RangeError)
    expect(() => readVideoTrack(table('stss', 0, 0x7fffffff, 1))).toThrow(RangeError)
    expect(() => readVideoTrack(moovOf({ ...someTrack(70, 20), empties: 5000 }))).toThrow(RangeError)
  })
})
