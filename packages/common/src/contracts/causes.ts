import type { TaskCause } from './work.ts'

/**
 * The closed table of why work on a video may fail. A code is part of the public API (`error.code` of a video, `cause` in its
 * timeline): it is never renamed. The sentence is for the owner of the video; a worker may tell more exactly what it was.
 */
export const CAUSES = {
  SOURCE_CORRUPT: { class: 'input', sentence: 'The file is damaged, or it is not a video.' },
  SOURCE_UNSUPPORTED: { class: 'input', sentence: 'The file has a format or codec that is not supported.' },
  SOURCE_OVER_LIMIT: {
    class: 'input',
    sentence: 'The picture is larger, or the file has more streams, than is allowed.',
  },
  SOURCE_CLOCK_JUMPS: {
    class: 'input',
    sentence:
      'The clock of this file jumps back, as when recordings are put behind one another: convert it to MP4 and upload that, or its parts one by one.',
  },
  NO_VIDEO_STREAM: { class: 'input', sentence: 'There is no picture in this file, only sound or other data.' },
  VIDEO_TOO_LONG: { class: 'input', sentence: 'The video is longer than this account may upload.' },
  QUOTA_EXCEEDED: { class: 'input', sentence: 'This account has no room left for a video of this length.' },
  OUT_OF_MEMORY: { class: 'memory', sentence: 'Working on this video needs more memory than a worker may use.' },
  TIMED_OUT: { class: 'host', sentence: 'Working on this video took longer than is allowed.' },
  TRANSCODE_FAILED: { class: 'host', sentence: 'The video could not be transcoded.' },
  VERIFICATION_FAILED: { class: 'host', sentence: 'The finished video was checked and refused.' },
  COPY_UNFIT: {
    class: 'input',
    sentence: 'The picture of this file cannot be taken over as it is, so it is encoded.',
  },
  RESULT_UNUSABLE: { class: 'host', sentence: 'A part of this video did not come out as it should.' },
  CHUNKS_DIFFER: { class: 'host', sentence: 'Two parts of this video do not fit together.' },
  WORKER_LOST: {
    class: 'host',
    sentence: 'The machine that worked on this video stopped several times while doing so.',
  },
} as const satisfies Record<string, { class: TaskCause['class']; sentence: string }>

export type CauseCode = keyof typeof CAUSES
/** Codes of this class. */
export type CodeOf<C extends TaskCause['class']> = {
  [K in CauseCode]: (typeof CAUSES)[K] extends { class: C } ? K : never
}[CauseCode]

/** A cause as the table has it; `detail` says more exactly, in one sentence, what it was. */
export function causeOf(code: CauseCode, detail: string = CAUSES[code].sentence): TaskCause {
  return { class: CAUSES[code].class, code, detail }
}

/** What a worker said, by this table. A code that is not in it comes from a newer worker: only what it is to be done is kept. */
export function knownCause(cause: TaskCause): TaskCause {
  if (isCauseCode(cause.code)) return causeOf(cause.code, cause.detail)
  return { ...causeOf('TRANSCODE_FAILED'), class: cause.class }
}

function isCauseCode(code: string): code is CauseCode {
  return Object.hasOwn(CAUSES, code)
}
