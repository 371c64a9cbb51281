import type { CauseCode } from '@kinora/common/contracts'

/** How processing a file must end: with this cause, or `ready`. */
export type Verdict = CauseCode | 'ready'

export interface HostileFile {
  name: string
  verdict: Verdict
  /** Writes the file to `path`. */
  make(seeds: Seeds, path: string): Promise<void>
}

/** Good files from which the hostile ones are derived. */
export interface Seeds {
  folder: string
  /** One second of H.264 and AAC, with the index before the frames. */
  mp4: Buffer
  /** The same as a transport stream that begins at 0. */
  ts: Buffer
  /** The frames alone, as NAL units in the form of annex B. */
  h264: Buffer
  /** A file that must not be read, and a URL that must not be requested. */
  secretPath: string
  secretUrl: string
}
