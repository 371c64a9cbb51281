import type { StorageKey } from './store.ts'

/** Where a player begins. */
export const MASTER_PLAYLIST = 'master.m3u8'

/** A rendition as one file, under the folder of the attempt that made it. */
export const DOWNLOAD_FILE = 'download.mp4'

const QUARANTINE = 'quarantine'

/** Where things lie in the store; the only place that builds keys. */
export const keys = {
  source: (videoId: string, uploadId: string): StorageKey => `sources/${videoId}/${uploadId}`,
  sourceFolder: (videoId: string): StorageKey => `sources/${videoId}`,
  /** One folder per upload, of what each of its requests brought. */
  pieces: (videoId: string, uploadId: string): StorageKey => `pieces/${videoId}/${uploadId}`,
  piece: (videoId: string, uploadId: string, pieceId: string): StorageKey => `pieces/${videoId}/${uploadId}/${pieceId}`,
  /** A copy of the first bytes of an upload, to be read before the rest has come; goes with the pieces. */
  beginning: (videoId: string, uploadId: string): StorageKey => `pieces/${videoId}/${uploadId}/beginning`,
  piecesFolder: (videoId: string): StorageKey => `pieces/${videoId}`,
  /** What a gateway leaves behind when a finished upload could not be registered; media looks through them. */
  receipt: (uploadId: string): StorageKey => `receipts/${uploadId}`,
  receipts: 'receipts',
  videoFolder: (videoId: string): StorageKey => `videos/${videoId}`,
  /** One folder per attempt: an attempt that lost its lease can write, but nothing will point there. */
  attempt: (videoId: string, taskId: string, attempt: number): StorageKey => `videos/${videoId}/${taskId}-${attempt}`,
  /** What a video was made from and with; see `contracts/passport.ts`. */
  passport: (videoId: string): StorageKey => `videos/${videoId}/passport.json`,
  /** What an attempt at a download has written. */
  download: (videoId: string, taskId: string, attempt: number): StorageKey =>
    `${keys.attempt(videoId, taskId, attempt)}/${DOWNLOAD_FILE}`,
  watermark: (videoId: string, pictureId: string): StorageKey => `videos/${videoId}/watermark-${pictureId}.png`,
  /** Which installation the store belongs to; see `installation-marker.ts`. */
  installation: 'installation.json',
  /** Written to learn what time it is for the store. */
  clock: 'clock',
  /** What was swept on a day, under its own key: restorable until the day's folder is removed. */
  quarantined: (day: string, key: StorageKey): StorageKey => `${QUARANTINE}/${day}/${key}`,
  quarantineDay: (day: string): StorageKey => `${QUARANTINE}/${day}`,
  quarantine: QUARANTINE,
  playlist: (videoId: string, name: string): StorageKey => `videos/${videoId}/${name}`,
} as const
