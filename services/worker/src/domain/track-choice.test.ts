import { describe, expect, it } from 'vitest'
import type { ProbedStream } from './probe-report.ts'
import {
  chooseAudio,
  chooseCover,
  chooseSubtitles,
  chooseVideo,
  refuseSilent,
  skippedTracks,
  videoCandidates,
} from './track-choice.ts'

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
  ])('%s', (_, streams, expected) => expect(shown(...streams)).toBe(expected))

  it('is refused where there is only audio, or only a cover', () => {
    for (const streams of [[SOUND], [{ isCover: true }]]) {
      expect(() => shown(...streams)).toThrow(/neither a video track nor audio/)
    }
  })

  it('is a cover only as a picture of a file without frames: the first that can be decoded', () => {
    const covers = [
      { isCover: true, codec_name: 'bmp' },
      { isCover: true, codec_name: 'png' },
    ]
    expect(chooseCover(reportOf(SOUND, ...covers))?.index).toBe(2)
    expect(chooseCover(reportOf(SOUND, { codec_name: 'png' }))).toBeUndefined()
  })

  it('is not missed where audio can be played, and what cannot is named', () => {
    const refused =
      (...streams: Given[]) =>
      () =>
        refuseSilent(reportOf(...streams), () => false)
    expect(refused({ ...SOUND, codec_name: 'tta' })).toThrow(/audio track 1 \(tta\) cannot be played: its codec is not/)
    expect(refused({ codec_type: 'subtitle' })).toThrow(/neither a video track nor audio/)
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
    ['is left out where no track can be decoded', [{ ...SOUND, codec_name: 'wavpack' }], undefined],
    ['is left out where no converter has its rate', [{ ...SOUND, sample_rate: 2_000_000_000 }], undefined],
  ])('%s', (_, streams, expected) => expect(played(...streams).audio?.index).toBe(expected))

  it('is told apart from those that are not', () => {
    const tta = { ...SOUND, codec_name: 'tta' }
    expect(played(SOUND, tta, SOUND).warnings).toEqual([
      {
        code: 'AUDIO_TRACK_SKIPPED',
        detail: 'Audio track 3 (tta) is not part of the video: its codec is not supported.',
      },
    ])
  })

  it('has all others that can be decoded beside it, up to a number', () => {
    const { otherAudio, warnings } = played(
      { ...SOUND, codec_name: 'tta' },
      SOUND,
      ...Array.from({ length: 17 }, () => SOUND),
    )
    // Stream 9 is encrypted.
    expect(otherAudio.map(({ index }) => index)).toEqual([3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18])
    expect(warnings.map(({ detail }) => detail.split(': ')[1])).toEqual([
      ...['its codec is not supported.', 'it is encrypted.', 'a video has at most 16 audio tracks.'],
    ])
  })
})

it('tracks of video that are left out are told, covers and data are not', () => {
  const report = reportOf(
    {},
    {},
    { isCover: true },
    { codec_type: 'subtitle', codec_name: 'dvd_subtitle' },
    { codec_type: 'data' },
  )
  const [video] = report.streams
  const codes = video && skippedTracks(report, video).map(({ code }) => code)
  expect(codes).toEqual(['VIDEO_TRACK_SKIPPED'])
})

it('subtitles that are text are chosen, and all others are named', () => {
  const text = { codec_type: 'subtitle', codec_name: 'subrip' }
  const report = reportOf({}, text, { ...text, codec_name: 'dvd_subtitle' }, { ...text, codec_name: 'dvb_teletext' })
  const { subtitles, warnings } = chooseSubtitles(report, () => false)
  expect(subtitles).toEqual([{ streamIndex: 1, codec: 'subrip' }])
  expect(warnings.map(({ detail }) => detail)).toEqual([
    'Subtitle track 3 (dvd_subtitle) is not part of the video: its texts are pictures.',
    'Subtitle track 4 (dvb_teletext) is not part of the video: its codec is not supported.',
  ])
})
