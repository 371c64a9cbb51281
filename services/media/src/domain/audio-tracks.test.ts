import type { SourceAudio } from '@kinora/common/contracts'
import { expect, test } from 'vitest'
import { someFacts } from '../../test/support/results.ts'
import { additionalStreams, audioTracksOf } from './audio-tracks.ts'

function stream(streamIndex: number, more: Partial<SourceAudio> = {}): SourceAudio {
  return { streamIndex, codec: 'aac', channels: 2, sampleRate: 48_000, startTime: 0, ...more }
}

function facts(audio: SourceAudio | null, ...otherAudio: SourceAudio[]) {
  return { ...someFacts(10), audio, otherAudio }
}

test('tracks are in the order of the source, and the one that players begin with is the default', () => {
  const found = facts(stream(2, { language: 'ger' }), stream(1, { language: 'eng', channels: 6 }), stream(4))
  expect(audioTracksOf(found)).toMatchObject([
    { id: '1', language: 'en', name: 'English', default: false, additional: true, channels: 6, status: 'processing' },
    { id: '2', language: 'de', name: 'Deutsch', default: true, additional: false, channels: 2 },
    { id: '3', language: null, name: 'Audio', default: false, additional: true },
  ])
  expect(additionalStreams(found).map(({ id, source }) => [id, source.streamIndex])).toEqual([
    ['1', 1],
    ['3', 4],
  ])
})

test('a silent video has no tracks, and a single track without a language is called audio', () => {
  expect(audioTracksOf(facts(null))).toEqual([])
  expect(audioTracksOf(facts(stream(1, { language: 'und' })))).toMatchObject([{ language: null, name: 'Audio' }])
})

test.each([
  ['eng', 'en'],
  ['ger', 'de'],
  ['fre', 'fr'],
  ['pt-br', 'pt-BR'],
  ['und', null],
  ['mul', null],
  ['english', null],
  ['"', null],
])('the language %s of a source is %s', (language, tag) => {
  expect(audioTracksOf(facts(stream(1, { language })))[0]?.language).toBe(tag)
})

test('names differ, and contain nothing that would end a string in a playlist', () => {
  const english = { language: 'eng' }
  const found = facts(
    stream(1, english),
    stream(2, english),
    stream(3, { ...english, audioDescription: true }),
    stream(4, { title: ' The "director"\n speaks \u0000' }),
    stream(5, { title: 'x'.repeat(200) }),
    stream(6, { title: 'x'.repeat(200) }),
  )
  const names = audioTracksOf(found).map(({ name }) => name)
  expect(names.slice(0, 4)).toEqual(['English', 'English 2', 'English (audio description)', 'The director speaks'])
  expect(names[4]).toHaveLength(100)
  expect(names[5]).toBe(`${'x'.repeat(96)} 2`)
})
