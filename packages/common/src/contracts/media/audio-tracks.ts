import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id, Nothing } from '../shared.ts'
import { CaptionLabel } from './captions.ts'
import { AudioTrackId, OneVideo, Video } from './video.ts'

const Language = z.string().max(50).nullable()
const OneTrack = OneVideo.extend({
  trackId: AudioTrackId.meta({ description: 'Id of the audio track, within its video.', example: '2' }),
})
const ERRORS = ['VIDEO_NOT_FOUND', 'AUDIO_TRACK_NOT_FOUND', 'VIDEO_NOT_READY', 'VALIDATION_FAILED'] as const
const ADDING = ['AUDIO_TRACK_OF_SOURCE', 'AUDIO_TRACK_LIMIT_REACHED', 'QUOTA_EXCEEDED', 'UPLOAD_TOO_LARGE'] as const

/** What an owner may say of an added track. */
export const AddedAudioTrack = z.strictObject({
  name: CaptionLabel.optional().meta({
    description: 'What the menu of a player shows; without it the name of the language.',
    example: 'English',
  }),
  language: z
    .string()
    .max(50)
    .optional()
    .meta({ description: 'Language tag (BCP 47); without it, unknown.', example: 'en' }),
  audioDescription: z
    .boolean()
    .default(false)
    .meta({ description: 'Whether it describes the frames to people who do not see them.', example: false }),
})

/** Audio tracks of a video that is ready, for its owner. */
export const audioTracks = {
  updateAudioTrack: {
    summary: 'Update an audio track',
    description:
      'Changes name, language, role or place of an audio track of a video that is ready. Fields that are left out stay as they are. Players that have read the master playlist before see the change when they read it again.',
    input: OneTrack.extend({
      name: CaptionLabel.optional().meta({
        description: 'What the menu of a player shows; unique within its video.',
        example: 'English',
      }),
      language: Language.optional().meta({
        description: 'Language tag (BCP 47); null if it is unknown.',
        example: 'en',
      }),
      default: z
        .literal(true)
        .optional()
        .meta({ description: 'Makes it the track that players begin with.', example: true }),
      hidden: z
        .boolean()
        .optional()
        .meta({ description: 'Whether players are not offered it; not for the default track.', example: false }),
      position: z.number().int().min(1).max(99).optional().meta({
        description:
          'Place among the tracks, from 1: the tracks from there on move down. More than there are is the last.',
        example: 1,
      }),
    }),
    output: Video,
    errors: [...ERRORS],
    idempotent: true,
  },
  beginAudioTrack: {
    summary: 'Begin the upload of an audio track; answers where the file is written',
    input: OneTrack.extend({
      contentType: z.string().max(200).nullable(),
      /** Null for a chunked body. */
      bytes: z.number().int().nonnegative().nullable(),
    }),
    output: z.object({ uploadId: Id, storageKey: z.string(), maxBytes: z.number().int(), projectId: Id }),
    errors: [...ERRORS, ...ADDING, 'SOURCE_TYPE_UNSUPPORTED', 'UPLOAD_LIMIT_REACHED'],
    // Each call reserves quota.
    idempotent: false,
  },
  putAudioTrack: {
    summary: 'Add an audio track',
    description:
      'The body is a file with audio, whose beginning is played with that of the video; silence follows where it is shorter. It replaces the track that was added with this id before. The track is processed while the video stays as it is, and offered when it is ready.',
    input: OneTrack.extend({
      ...AddedAudioTrack.shape,
      uploadId: Id,
      bytes: z.number().int().positive(),
      sha256: z.string().length(64),
    }),
    output: Video,
    errors: [...ERRORS, ...ADDING, 'UPLOAD_NOT_FOUND'],
    // The same upload added twice is one track.
    idempotent: true,
  },
  deleteAudioTrack: {
    summary: 'Delete an audio track that was added',
    description:
      'Its files are removed when players that know of it have ended. Tracks of the source can be hidden instead.',
    input: OneTrack,
    output: Nothing,
    errors: [...ERRORS, 'AUDIO_TRACK_OF_SOURCE'],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
