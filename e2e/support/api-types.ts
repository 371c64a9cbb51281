/** The answers of the HTTP API as a client of it reads them; written down here on their own, not taken from the services. */

export type User = {
  id: string
  email: string
  displayName: string | null
  role: string
  emailVerified: boolean
  mfaEnabled: boolean
  createdAt: string
}

export type Tokens = {
  user: User
  accessToken: string
  tokenType: string
  expiresIn: number
  refreshToken: string
  refreshExpiresIn: number
}

export type Session = { id: string; current: boolean; userAgent: string | null; createdAt: string }

export type Status = 'awaiting_upload' | 'uploaded' | 'processing' | 'ready' | 'failed'

export type Video = {
  id: string
  ownerId: string
  projectId: string
  externalId: string | null
  metadata: Record<string, string>
  revision: number
  expiresAt: string | null
  sourceExpiresAt: string | null
  replacement: {
    status: string
    percent: number
    startedAt: string
    error: { code: string; detail: string } | null
  } | null
  title: string
  description: string
  tags: string[]
  visibility: 'private' | 'unlisted' | 'public'
  status: Status
  playable: boolean
  progress: { percent: number; stage: string }
  source: {
    filename: string | null
    bytes: number
    sha256: string
    container: string | null
    durationSeconds: number | null
    width: number | null
    height: number | null
    frameRate: number | null
    videoCodec: string | null
    audioCodec: string | null
    removedAt: string | null
  } | null
  renditions: { name: string; width: number; height: number; bitrate: number | null; status: string }[]
  kind: string
  audioTracks: {
    id: string
    language: string | null
    name: string
    default: boolean
    channels: number
    audioDescription: boolean
    hidden: boolean
    added: boolean
    status: string
  }[]
  warnings: { code: string; detail: string }[]
  instantPlayback: boolean
  allowedDomains: string[] | null
  playback: {
    hlsUrl: string
    posterUrl: string | null
    storyboardUrl: string | null
    waveformUrl: string | null
    sourceUrl?: string
  } | null
  error: { code: string; detail: string } | null
  createdAt: string
  updatedAt: string
  readyAt: string | null
}

export type PlaybackToken = { id: string; token: string; hlsUrl: string; posterUrl: string | null; expiresAt: string }

export type TimelineEntry = {
  taskId: string
  kind: string
  label: string
  attempt: number
  state: 'queued' | 'running' | 'done' | 'failed' | 'lost' | 'released'
  worker: string | null
  startedAt: string | null
  endedAt: string | null
  cause: { code: string; detail: string } | null
}

export type Page<T> = { items: T[]; nextCursor: string | null }

/** RFC 9457, with the fields that http-api.md adds. */
export type Problem = {
  type: string
  title: string
  status: number
  code: string
  detail: string
  requestId: string
  errors?: { path: string; message: string }[]
  retryable?: boolean
  retryAfterMs?: number
}

export type Passport = {
  source: { bytes: number; sha256: string }
  files: { name: string; bytes: number; sha256: string }[]
  verdicts: { rule: string; verdict: 'kept' | 'broken' | 'unchecked' }[]
}
