import type { StorageKey } from './store.ts'

/** The playlist that a player opens first. */
export const MASTER_PLAYLIST = 'master.m3u8'

/** A rendition as one file, in the folder of the attempt that created it. */
export const DOWNLOAD_FILE = 'download.mp4'

/** The waveform of audio without frames, beside its poster. */
export const WAVEFORM_FILE = 'waveform.png'

const QUARANTINE = 'quarantine'

/** Keys of all objects in the store; no other code builds keys. */
export const keys = {
  source: (videoId: string, uploadId: string): StorageKey => `sources/${videoId}/${uploadId}`,
  sourceFolder: (videoId: string): StorageKey => `sources/${videoId}`,
  /** One folder per resumable upload, with the parts that its requests sent. */
  pieces: (videoId: string, uploadId: string): StorageKey => `pieces/${videoId}/${uploadId}`,
  piece: (videoId: string, uploadId: string, pieceId: string): StorageKey => `pieces/${videoId}/${uploadId}/${pieceId}`,
  /** A copy of the first bytes of an upload, to read before the rest has arrived; removed with the parts. */
  beginning: (videoId: string, uploadId: string): StorageKey => `pieces/${videoId}/${uploadId}/beginning`,
  piecesFolder: (videoId: string): StorageKey => `pieces/${videoId}`,
  /** Written by a gateway that could not register a finished upload; media registers it later. */
  receipt: (uploadId: string): StorageKey => `receipts/${uploadId}`,
  receipts: 'receipts',
  videoFolder: (videoId: string): StorageKey => `videos/${videoId}`,
  /** One folder per attempt: an attempt that lost its lease can still write, but no playlist refers to its files. */
  attempt: (videoId: string, taskId: string, attempt: number): StorageKey => `videos/${videoId}/${taskId}-${attempt}`,
  /** The passport of a video; see `contracts/passport.ts`. */
  passport: (videoId: string): StorageKey => `videos/${videoId}/passport.json`,
  /** The file that an attempt at a download has written. */
  download: (videoId: string, taskId: string, attempt: number): StorageKey =>
    `${keys.attempt(videoId, taskId, attempt)}/${DOWNLOAD_FILE}`,
  /** The picture that an attempt at a still has written. */
  still: (videoId: string, taskId: string, attempt: number, format: string): StorageKey =>
    `${keys.attempt(videoId, taskId, attempt)}/still.${format}`,
  watermark: (videoId: string, pictureId: string): StorageKey => `videos/${videoId}/watermark-${pictureId}.png`,
  /** Which installation the store belongs to; see `installation-marker.ts`. */
  installation: 'installation.json',
  /** Written to read the store's time. */
  clock: 'clock',
  /** An object that was swept on a day, restorable until the day's folder is removed. */
  quarantined: (day: string, key: StorageKey): StorageKey => `${QUARANTINE}/${day}/${key}`,
  quarantineDay: (day: string): StorageKey => `${QUARANTINE}/${day}`,
  quarantine: QUARANTINE,
  playlist: (videoId: string, name: string): StorageKey => `videos/${videoId}/${name}`,
} as const
