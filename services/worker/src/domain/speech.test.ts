import { expect, it } from 'vitest'
import { cutPiece, SPEECH_RATE, wavOf } from './speech.ts'
import { languageCode, readTranscriptJson, spokenLanguage } from './transcript.ts'

/** Seconds of a loud square wave with a quiet stretch. */
function loud(seconds: number, quietFrom: number, quietTo: number): Buffer {
  const pcm = Buffer.alloc(2 * seconds * SPEECH_RATE)
  for (let at = 0; at < seconds * SPEECH_RATE; at += 1) {
    const isQuiet = at >= quietFrom * SPEECH_RATE && at < quietTo * SPEECH_RATE
    pcm.writeInt16LE(isQuiet ? at % 7 : at % 2 === 0 ? 9000 : -9000, 2 * at)
  }
  return pcm
}

it('a piece ends in the last quiet moment near its greatest length, or with the audio', () => {
  const { seconds, ended, samples } = cutPiece(loud(60, 31, 32), 40)
  expect([ended, samples.length]).toEqual([false, 2 * seconds * SPEECH_RATE])
  expect(seconds).toBeGreaterThan(31)
  expect(seconds).toBeLessThan(32)
  // Silence long before the end would make the piece too short.
  expect(cutPiece(loud(60, 5, 6), 40).seconds).toBeGreaterThan(20)
  expect(cutPiece(loud(3, 1, 2), 40)).toMatchObject({ seconds: 3, ended: true })
  expect(cutPiece(Buffer.alloc(0), 40)).toMatchObject({ seconds: 0, ended: true })
  expect(wavOf(samples).readUInt32LE(40)).toBe(samples.length)
})

it.each([
  ['en', 'en'],
  ['English', 'en'],
  ['norwegian', 'no'],
  ['haitian creole', 'ht'],
  ['pt-BR', 'pt-BR'],
  ['auto', null],
  ['no language at all', null],
  [null, null],
])('an engine that says %s means %s', (name, code) => {
  expect(languageCode(name)).toBe(code)
})

it('an engine is told the language without its region, by the code that it knows', () => {
  expect(['en-GB', 'nb', 'fil-PH', null].map(spokenLanguage)).toEqual(['en', 'no', 'tl', undefined])
})

it('texts of an engine are plain: what looks like a tag is shown, and lines are joined', () => {
  const text = ' <b>one</b>\n\u0007two & '
  const { cues } = readTranscriptJson(JSON.stringify({ segments: [{ start: 0, end: 1.5, text }] }))
  expect(cues).toEqual([{ start: 0, end: 1500, settings: '', text: '&lt;b&gt;one&lt;/b&gt; two &amp;' }])
  for (const bad of ['', '[]', '{"segments":[{"start":-1,"end":2,"text":""}]}', '{"transcription":[{"text":"x"}]}']) {
    expect(() => readTranscriptJson(bad)).toThrow('The engine for automatic captions answered')
  }
})
