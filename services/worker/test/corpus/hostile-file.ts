import type { CauseCode } from '@kinora/common/contracts'

/** How the work on a file must end: with this cause, or well. */
export type Verdict = CauseCode | 'ready'

export interface HostileFile {
  name: string
  verdict: Verdict
  /** Writes it to `path`. */
  make(seeds: Seeds, path: string): Promise<void>
}

/** What the others are made from. */
export interface Seeds {
  folder: string
  /** One second of H.264 and AAC, with the index before the frames. */
  mp4: Buffer
  /** The same as a transport stream that begins at 0. */
  ts: Buffer
  /** The frames alone, as NAL units in the form of annex B. */
  h264: Buffer
  /** A file that nobody but the machine may read, and an address that nobody may call. */
  secretPath: string
  secretUrl: string
}
