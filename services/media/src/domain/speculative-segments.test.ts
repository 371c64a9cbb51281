import { expect, test } from 'vitest'
import { someFacts } from '../../test/support/results.ts'
import { planSourceVideo, planTasks } from './plan.ts'
import { makesTheSame, speculativeHead } from './speculative-segments.ts'

const SETTINGS = { maxShortSide: 1080, watermark: undefined, remux: true }
/** As of an encoder that sets a key frame after 250 frames. */
const CUTS = [0, 250, 500, 750, 1000, 1250, 1500, 1750, 2000, 2250, 2500]
const BEGINNING = { key: 'beginning', share: 1 / 4 }

function headOf(seconds: number, copyable: { peakBitrate: number; part?: true } | undefined, cuts?: number[]) {
  return speculativeHead({ facts: someFacts(seconds, { copyable }), cuts }, BEGINNING, SETTINGS)
}

test('the first segments of a file whose index is here are those of the plan for the whole', () => {
  const facts = someFacts(90, { copyable: { peakBitrate: 2_000_000 } })
  const { plan, remux } = planSourceVideo(facts, CUTS, SETTINGS)
  const [planned] = planTasks(plan, facts, 'source', 'videos/x', remux)
  const head = headOf(22.5, { peakBitrate: 2_000_000, part: true }, CUTS)
  expect(head?.work).toMatchObject({ chunk: { frameCount: 500, cuts: [0, 62, 125, 187, 250] } })
  expect(planned && head && makesTheSame(planned.work, head.work)).toBe(true)
  // The same source, encoded.
  const other = headOf(22.5, undefined)
  expect(planned && other && makesTheSame(planned.work, other.work)).toBe(false)
})

test('nothing is copied of a file that is not here, and a beginning may be too short', () => {
  const small = { ...someFacts(20, { width: 320, height: 240, copyable: { peakBitrate: 100_000, part: true } }) }
  expect(speculativeHead({ facts: small, cuts: CUTS }, BEGINNING, SETTINGS)).toBeNull()
  expect(headOf(6, undefined)).toBeNull()
  expect(headOf(7, undefined)).not.toBeNull()
})
