import { z } from 'zod'

/**
 * The closed table of what was left out of a video, or was not done as its owner may expect, although the video did not fail.
 * A code is part of the public API (`warnings` of a video): it is never renamed. Any task may report one, and so may media.
 * The sentence is for the owner; a task usually replaces it by one that names the track, the codec and the seconds.
 */
export const WARNINGS = {
  AUDIO_TRACK_SKIPPED: 'An audio track of the file is not part of the video.',
  VIDEO_TRACK_SKIPPED: 'A video track of the file is not part of the video.',
  SUBTITLE_TRACK_SKIPPED: 'A subtitle track of the file is not part of the video.',
  TRANSCRIPTION_FAILED: 'The video has no automatic captions, or not to its end.',
  AUDIO_UNDECODABLE: 'The audio of the file cannot be decoded; the video is silent.',
  AUDIO_CUT: 'A part of the audio, far from all frames of the video, was left out.',
  FRAMES_HELD: 'The audio is longer than the frames: the last frame is held.',
  FRAMES_BLACK: 'The audio begins before the frames: the video is black until the first.',
  FRAMES_DROPPED: 'Frames were left out: the file has more than 60 a second, or an uneven rate.',
  CAPTIONS_ENCODING: 'The captions were not in UTF-8 and were converted.',
  SOURCE_REPLACED: 'What was made for an earlier source of the video may not fit this one.',
  CAPTIONS_CUE_UNSEEN: 'A cue ends when it begins, so that players do not show it.',
} as const satisfies Record<string, string>

export type WarningCode = keyof typeof WARNINGS

/** Of one video; further ones are not kept. */
export const MAX_WARNINGS = 50
const MAX_DETAIL = 500

export const Warning = z.object({
  code: z.string().max(60).meta({ description: 'Stable code of what was left out.', example: 'AUDIO_TRACK_SKIPPED' }),
  detail: z.string().max(MAX_DETAIL).meta({
    description: 'The same as a sentence, with the track, the codec or the seconds.',
    example: 'Audio track 3 (tta) is not part of the video: its codec is not supported.',
  }),
})
export type Warning = z.infer<typeof Warning>

export const Warnings = z.array(Warning).max(MAX_WARNINGS)
export const WARNINGS_EXAMPLE: Warning[] = [
  {
    code: 'AUDIO_TRACK_SKIPPED',
    detail: 'Audio track 3 (tta) is not part of the video: its codec is not supported.',
  },
]

/** A warning as the table has it; `detail` says more exactly, in one sentence, what it is about. */
export function warningOf(code: WarningCode, detail: string = WARNINGS[code]): Warning {
  return { code, detail: detail.slice(0, MAX_DETAIL) }
}
