import { describe, expect, it } from 'vitest'
import type { StoredAudioTrack, StoredCaptions } from '../db/stored.ts'
import { automaticLabel, tracksToTranscribe, transcribeTask } from './transcription.ts'

const track = (id: string, language: string | null, change: Partial<StoredAudioTrack> = {}): StoredAudioTrack => ({
  ...{ id, language, name: id, default: id === '1', channels: 2, audioDescription: false, hidden: false },
  ...{ status: 'ready' as const, additional: id !== '1' },
  ...change,
})
const captions = (lang: string, change: Partial<StoredCaptions> = {}): StoredCaptions => {
  return { id: lang, lang, label: lang, cues: 1, createdAt: '', ...change }
}

describe('tracks to transcribe', () => {
  it.each<[string, StoredAudioTrack[], StoredCaptions[], string[]]>([
    ['one of each language', [track('1', 'de'), track('2', 'en'), track('3', 'de-AT')], [], ['1', '2']],
    [
      'the default one of its language',
      [track('1', 'en', { default: false }), track('2', 'en', { default: true })],
      [],
      ['2'],
    ],
    ['audio description only alone', [track('1', 'en', { audioDescription: true }), track('2', 'en')], [], ['2']],
    ['audio description where there is nothing else', [track('1', 'en', { audioDescription: true })], [], ['1']],
    ['all without a language', [track('1', null), track('2', null)], [], ['1', '2']],
    [
      'none that is hidden or failed',
      [track('1', 'de', { hidden: true }), track('2', 'en', { status: 'failed' })],
      [],
      [],
    ],
    ['none with captions of its language', [track('1', 'pt-BR'), track('2', 'en')], [captions('pt')], ['2']],
    ['those with forced captions only', [track('1', 'de')], [captions('de', { forced: true })], ['1']],
  ])('are %s', (_, tracks, texts, ids) => {
    expect(tracksToTranscribe(tracks, texts).map(({ id }) => id)).toEqual(ids)
  })

  it('have a place for each piece, none of which is that of another track', () => {
    const at = (id: string, from: number) => {
      return transcribeTask({ kind: 'transcribe', track: id, audioKey: '', language: null, from, seconds: 600 }).ordinal
    }
    const ordinals = [at('1', 0), at('1', 599.5), at('1', 604_800), at('2', 0), at('16', 604_800)]
    expect(ordinals).toEqual([...new Set(ordinals)].sort((one, other) => one - other))
    expect(Math.max(...ordinals)).toBeLessThan(2 ** 31)
  })

  it('have captions that say that no person wrote them', () => {
    expect(['pt-BR', 'und'].map(automaticLabel)).toEqual(['português (Brasil) (automatic)', 'Automatic captions'])
  })
})
