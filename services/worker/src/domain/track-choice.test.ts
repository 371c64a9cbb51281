import { describe, expect, it } from 'vitest'
import type { ProbedStream } from './probe-report.ts'
import { chooseAudio, chooseVideo, skippedTracks, videoCandidates } from './track-choice.ts'

type Given = Omit<Partial<ProbedStream>, 'disposition'> & { isDefault?: boolean; isCover?: boolean }

/** Streams in the order of a file, each a second of film of 640 × 360 in H.264 unless it says otherwise. */
function reportOf(...streams: Given[]) {
  const all = streams.map(({ isDefault, isCover, ...stream }, index) => ({
    ...{ index, codec_type: 'video', codec_name: 'h264', width: 640, height: 360, nb_frames: 25 },
    ...stream,
    disposition: { default: Number(isDefault ?? false), attached_pic: Number(isCover ?? false) },
  }))
  return { format: { format_name: 'x' }, streams: all, chapters: [] }
}

const SOUND = { codec_type: 'audio', codec_name: 'aac', channels: 2, sample_rate: 48_000 }
const shown = (...streams: Given[]) =>
  chooseVideo(videoCandidates(reportOf(...streams)), ({ nb_frames }) => nb_frames ?? 0).index

describe('the track that is shown', () => {
  it.each<[string, Given[], number]>([
    ['is the only one', [SOUND, {}], 1],
    ['is the film, not a still before it', [{ nb_frames: 1, width: 4000, height: 3000, isDefault: true }, {}], 1],
    ['is the film, not a slide show', [{ nb_frames: 2, width: 4000, height: 3000 }, {}], 1],
    ['is the larger of two films, whatever the flags say', [{ width: 160, height: 90, isDefault: true }, {}], 1],
    ['is the default one of two that are alike', [{}, { isDefault: true, nb_frames: 24 }], 1],
    ['is the first of two that are alike', [{}, { nb_frames: 26 }], 0],
    ['is the film beside a cover', [{ isCover: true }, {}], 1],
    ['is the cover where there is only audio beside it', [SOUND, { isCover: true, nb_frames: 0 }], 1],
  ])('%s', (_, streams, expected) => expect(shown(...streams)).toBe(expected))

  it('is none where there is only audio, or only a cover', () => {
    for (const streams of [[SOUND], [{ isCover: true }]]) {
      expect(() => shown(...streams)).toThrow(/no video track/)
    }
  })
})

describe('the track that is played', () => {
  const played = (...streams: Given[]) => chooseAudio(reportOf({}, ...streams), ({ index }) => index === 9)

  it.each<[string, Given[], number | undefined]>([
    ['is the default one', [SOUND, { ...SOUND, isDefault: true }], 2],
    ['is the first without a default one', [SOUND, SOUND], 1],
    [
      'is another one where the default cannot be decoded',
      [{ ...SOUND, codec_name: 'tta', isDefault: true }, SOUND],
      2,
    ],
    ['is none where none can be decoded', [{ ...SOUND, codec_name: 'wavpack' }], undefined],
    ['is none where its rate is that of no converter', [{ ...SOUND, sample_rate: 2_000_000_000 }], undefined],
  ])('%s', (_, streams, expected) => expect(played(...streams).audio?.index).toBe(expected))

  it('is told apart from those that are not', () => {
    const tta = { ...SOUND, codec_name: 'tta' }
    expect(played(SOUND, tta, SOUND).warnings).toEqual([
      {
        code: 'AUDIO_TRACK_SKIPPED',
        detail: 'Audio track 3 (tta) is not part of the video: its codec is not supported.',
      },
      {
        code: 'AUDIO_TRACK_SKIPPED',
        detail: 'Audio track 4 (aac) is not part of the video: audio track 2 (aac) is played.',
      },
    ])
  })
})

it('tracks of video and subtitles that are left out are told, covers and data are not', () => {
  const report = reportOf(
    {},
    {},
    { isCover: true },
    { codec_type: 'subtitle', codec_name: 'dvd_subtitle' },
    { codec_type: 'data' },
  )
  const [video] = report.streams
  const codes = video && skippedTracks(report, video).map(({ code }) => code)
  expect(codes).toEqual(['VIDEO_TRACK_SKIPPED', 'SUBTITLE_TRACK_SKIPPED'])
})
