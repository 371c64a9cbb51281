import { expect, it } from 'vitest'
import { someFacts } from '../../test/support/results.ts'
import { planVideo } from './plan.ts'
import { renderChapters } from './timed-text.ts'

it('a chapter lasts until the next one, the last one until the end, and none begins behind it', () => {
  const plan = planVideo(someFacts(90), 1080)
  const items = [
    { start: 0, title: 'Arrival' },
    { start: 12.5, title: 'Fish & <chips>' },
    { start: 90, title: 'Never' },
  ]
  expect(renderChapters({ id: '1', items }, plan)).toEqual({
    name: 'chapters-1.vtt',
    content: `WEBVTT

00:00:00.000 --> 00:00:12.500
Arrival

00:00:12.500 --> 00:01:30.000
Fish &amp; &lt;chips&gt;
`,
  })
})
