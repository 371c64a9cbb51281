import type { TaskCause } from './work.ts'

/**
 * All causes for which processing a video may fail. A code is part of the public API (`error.code` of a video, `cause` in its
 * timeline): it is never renamed. The sentence is for the owner of the video; a worker may send a more exact one.
 */
export const CAUSES = {
  SOURCE_CORRUPT: { class: 'input', sentence: 'The file is damaged, or it is not a video.' },
  SOURCE_UNSUPPORTED: { class: 'input', sentence: 'The file has a format or codec that is not supported.' },
  SOURCE_OVER_LIMIT: {
    class: 'input',
    sentence: 'The frames are larger, or the file has more streams, than allowed.',
  },
  SOURCE_CLOCK_JUMPS: {
    class: 'input',
    sentence:
      'The time stamps of this file jump back, as in joined recordings: convert it to MP4 and upload that, or upload its parts separately.',
  },
  SOURCE_TYPE_NOT_ALLOWED: {
    class: 'input',
    sentence: 'The upload link of this video does not take files of this type.',
  },
  NO_VIDEO_STREAM: { class: 'input', sentence: 'This file has neither a video track nor audio.' },
  VIDEO_TOO_LONG: {
    class: 'input',
    sentence: 'The video is longer than this account, or the upload link of the video, allows.',
  },
  QUOTA_EXCEEDED: { class: 'input', sentence: 'This account has no quota left for a video of this length.' },
  OUT_OF_MEMORY: { class: 'memory', sentence: 'Processing this video needs more memory than a worker may use.' },
  TIMED_OUT: { class: 'host', sentence: 'Processing this video took longer than allowed.' },
  TRANSCODE_FAILED: { class: 'host', sentence: 'The video could not be transcoded.' },
  VERIFICATION_FAILED: { class: 'host', sentence: 'The finished video was checked and refused.' },
  COPY_UNFIT: {
    class: 'input',
    sentence: 'The video track of this file cannot be used without encoding, so it is encoded.',
  },
  TRANSCRIPTION_FAILED: { class: 'host', sentence: 'The engine for automatic captions failed.' },
  RESULT_UNUSABLE: { class: 'host', sentence: 'A part of this video was not encoded as planned.' },
  CHUNKS_DIFFER: { class: 'host', sentence: 'Two parts of this video do not fit together.' },
  WORKER_LOST: {
    class: 'host',
    sentence: 'The machine that processed this video stopped several times while doing so.',
  },
} as const satisfies Record<string, { class: TaskCause['class']; sentence: string }>

export type CauseCode = keyof typeof CAUSES
/** Codes of this class. */
export type CodeOf<C extends TaskCause['class']> = {
  [K in CauseCode]: (typeof CAUSES)[K] extends { class: C } ? K : never
}[CauseCode]

/** A cause of the table; `detail` replaces its sentence by a more exact one. */
export function causeOf(code: CauseCode, detail: string = CAUSES[code].sentence): TaskCause {
  return { class: CAUSES[code].class, code, detail }
}

/** A cause from a worker, by this table. A code that is not in it comes from a newer worker; only its class is kept. */
export function knownCause(cause: TaskCause): TaskCause {
  if (isCauseCode(cause.code)) return causeOf(cause.code, cause.detail)
  return { ...causeOf('TRANSCODE_FAILED'), class: cause.class }
}

function isCauseCode(code: string): code is CauseCode {
  return Object.hasOwn(CAUSES, code)
}
