import { describe, expect, it } from 'vitest'
import { someFacts } from '../../test/support/results.ts'
import { clippedFacts } from './clip.ts'
import { chaptersOf } from './timed-text.ts'

const facts = someFacts(60, { startTime: 1.4 })
const at = (start: number, title = `at ${start}`) => ({ start, title })

describe('chapters of a source', () => {
  it('are told on the clock of the video, in order', () => {
    expect(chaptersOf([at(31.4), at(1.4), at(11.4336)], facts)).toEqual([
      { start: 0, title: 'at 1.4' },
      { start: 10.034, title: 'at 11.4336' },
      { start: 30, title: 'at 31.4' },
    ])
  })

  it('that start before the first picture or together are the last of them, those behind the end none', () => {
    expect(chaptersOf([at(-5), at(0), at(9, 'one'), at(9, 'two'), at(61.4), at(1e9)], facts)).toEqual([
      { start: 0, title: 'at 0' },
      { start: 7.6, title: 'two' },
    ])
  })

  it('give a clip those that run in it', () => {
    const clip = clippedFacts(facts, { startFrame: 15 * 30, frameCount: 20 * 30 })
    expect(chaptersOf([at(1.4), at(11.4), at(31.4), at(41.4)], clip)).toEqual([
      { start: 0, title: 'at 11.4' },
      { start: 15, title: 'at 31.4' },
    ])
  })

  it('have titles of one clean line, and a number where a title is missing', () => {
    const titles = [' The\r\n\t sea\u0007 ', '', ' \u0000 ', `${'a'.repeat(199)}\ud83d`, 'b'.repeat(300)]
    const found = chaptersOf(
      titles.map((title, index) => at(2 + index, title)),
      facts,
    )
    expect(found.map(({ title }) => title)).toEqual([
      ...['The sea', 'Chapter 2', 'Chapter 3', 'a'.repeat(199), 'b'.repeat(200)],
    ])
  })
})
