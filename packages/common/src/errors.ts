/**
 * All error codes. A code is part of the public API: clients match on it, so it is never renamed. `retryable` means that
 * the same request may succeed later.
 */
export const ERRORS = {
  // requests
  BAD_REQUEST: { status: 400, title: 'The HTTP request is malformed' },
  MALFORMED_JSON: { status: 400, title: 'The body is not valid JSON' },
  VALIDATION_FAILED: { status: 400, title: 'The request does not have the required shape' },
  BODY_TOO_LARGE: { status: 413, title: 'The body is too large' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'The content type is not supported here' },
  ROUTE_NOT_FOUND: { status: 404, title: 'There is no such route' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'This route does not support that method' },
  RANGE_NOT_SATISFIABLE: { status: 416, title: 'The requested range is outside the file' },
  REQUEST_TIMEOUT: { status: 408, title: 'The request took too long to arrive', retryable: true },
  HEADERS_TOO_LARGE: { status: 431, title: 'The headers are too large' },
  RATE_LIMITED: { status: 429, title: 'Too many requests', retryable: true },
  BANDWIDTH_LIMITED: { status: 429, title: 'Too many bytes were sent to this address', retryable: true },
  CONCURRENCY_LIMITED: { status: 429, title: 'Too many files are being sent to this address at once', retryable: true },
  IDEMPOTENCY_KEY_REUSED: { status: 422, title: 'This Idempotency-Key was used for another request' },
  IDEMPOTENCY_KEY_IN_USE: {
    status: 409,
    title: 'The first request with this Idempotency-Key has no answer yet',
    retryable: true,
  },

  // identity
  UNAUTHENTICATED: { status: 401, title: 'Sign in first' },
  TOKEN_INVALID: { status: 401, title: 'The access token is not valid' },
  TOKEN_EXPIRED: { status: 401, title: 'The access token has expired' },
  TOKEN_REVOKED: { status: 401, title: 'The access token was revoked' },
  KEY_RETIRED: { status: 401, title: 'The key that signed the access token was retired' },
  KEY_NOT_FOUND: { status: 404, title: 'There is no such signing key' },
  KEY_TOO_NEW: { status: 409, title: 'The next signing key was published too recently to be used', retryable: true },
  AUDIT_CHAIN_BROKEN: { status: 409, title: 'The audit log was changed' },
  FORBIDDEN: { status: 403, title: 'You may not do this' },
  INVALID_CREDENTIALS: { status: 401, title: 'E-mail or password is wrong' },
  EMAIL_NOT_VERIFIED: {
    status: 403,
    title: 'Confirm your e-mail address first, with the link in the mail that was sent to you',
  },
  MAIL_TOKEN_INVALID: { status: 400, title: 'This link is not valid: it was used or replaced, or it has expired' },
  REGISTRATION_CLOSED: { status: 403, title: 'Accounts cannot be registered here' },
  INVITE_INVALID: { status: 403, title: 'This needs an invitation for this address that is neither used nor expired' },
  INVITE_NOT_FOUND: { status: 404, title: 'There is no such invitation' },
  EMAIL_TAKEN: { status: 409, title: 'This e-mail address already has an account' },
  PASSWORD_UNACCEPTABLE: { status: 400, title: 'This password is too easy to guess' },
  PASSWORD_WRONG: { status: 403, title: 'The current password is wrong' },
  PASSWORD_CHANGED: { status: 401, title: 'The password was changed; sign in again' },
  ACCOUNT_DISABLED: { status: 403, title: 'This account is disabled' },
  ACCOUNT_ERASED: { status: 401, title: 'This account was deleted' },
  REFRESH_INVALID: { status: 401, title: 'The refresh token is not valid' },
  REFRESH_EXPIRED: { status: 401, title: 'The session has expired; sign in again' },
  REFRESH_REUSED: { status: 401, title: 'A refresh token was used twice; the session was ended' },
  REFRESH_TRANSPORT_MISMATCH: { status: 401, title: 'This session uses another transport for its refresh token' },
  ORIGIN_NOT_ALLOWED: { status: 403, title: 'Pages of this origin may not use cookie sessions' },
  CSRF_FAILED: { status: 403, title: 'The CSRF token is missing or belongs to another session' },
  SESSION_REVOKED: { status: 401, title: 'The session was ended' },
  LAST_ADMIN: { status: 409, title: 'This is the last administrator; create another one first' },
  SESSION_NOT_FOUND: { status: 404, title: 'There is no such session' },
  USER_NOT_FOUND: { status: 404, title: 'There is no such user' },
  OWN_ACCOUNT: { status: 409, title: 'You cannot do this to your own account' },
  REAUTHENTICATION_REQUIRED: { status: 403, title: 'This needs your password again' },
  MFA_ALREADY_ENABLED: { status: 409, title: 'This account already has an authenticator app' },
  MFA_NOT_ENABLED: { status: 409, title: 'This account has no authenticator app' },
  TOTP_SETUP_NOT_FOUND: { status: 409, title: 'No authenticator app is being set up; start the setup again' },
  MFA_CODE_INVALID: { status: 401, title: 'The code is wrong or was already used' },
  MFA_CODE_WRONG: { status: 403, title: 'The code is wrong or was already used' },
  MFA_CODE_REQUIRED: { status: 403, title: 'This account also needs a code' },
  MFA_TOKEN_INVALID: { status: 401, title: 'This sign-in is unknown or has ended; sign in again' },
  MFA_TOKEN_EXPIRED: { status: 401, title: 'This sign-in took too long; sign in again' },
  MFA_TOKEN_EXHAUSTED: { status: 401, title: 'Too many wrong codes; sign in again' },
  MFA_LOCKED: { status: 429, title: 'Too many wrong codes for this account', retryable: true },
  EVENTS_TOKEN_INVALID: { status: 401, title: 'The events token is not valid, has expired, or is of another video' },
  API_KEY_INVALID: { status: 401, title: 'The API key is not valid' },
  API_KEY_EXPIRED: { status: 401, title: 'The API key has expired' },
  API_KEY_REVOKED: { status: 401, title: 'The API key was revoked' },
  API_KEY_NOT_ACCEPTED: { status: 403, title: 'This cannot be done with an API key' },
  API_KEY_NOT_FOUND: { status: 404, title: 'There is no such API key' },
  API_KEY_LIMIT_REACHED: { status: 409, title: 'This account has reached its limit of API keys' },
  INSUFFICIENT_SCOPE: { status: 403, title: 'The API key lacks the required scope' },
  PROJECT_NOT_FOUND: { status: 404, title: 'There is no such project' },
  PROJECT_CHANGED: { status: 412, title: 'This project was changed since you read it' },
  PROJECT_IS_PERSONAL: { status: 409, title: 'This is a personal project, which belongs to one account for good' },
  PROJECT_LIMIT_REACHED: { status: 409, title: 'This account has reached its limit of projects' },
  MEMBER_NOT_FOUND: { status: 404, title: 'This project has no such member' },
  MEMBER_EXISTS: { status: 409, title: 'This address belongs to a member of the project' },
  MEMBER_LIMIT_REACHED: { status: 409, title: 'This project has reached its limit of members and invitations' },
  LAST_OWNER: { status: 409, title: 'This is the last owner of a project; hand it over or delete it first' },
  SERVICE_ACCOUNT_NOT_FOUND: { status: 404, title: 'There is no such service account' },
  PASSKEY_CHALLENGE_INVALID: { status: 400, title: 'This request has expired or was already used; start again' },
  PASSKEY_UNACCEPTABLE: { status: 400, title: 'This passkey cannot be added' },
  PASSKEY_LIMIT_REACHED: { status: 409, title: 'This account has reached its limit of passkeys' },
  PASSKEY_NOT_FOUND: { status: 404, title: 'There is no such passkey' },
  PASSKEY_INVALID: { status: 401, title: 'This passkey was not accepted' },
  TOO_BUSY: { status: 503, title: 'Too many sign-ins at the moment', retryable: true },

  // videos
  VIDEO_NOT_FOUND: { status: 404, title: 'There is no such video' },
  VIDEO_CHANGED: { status: 412, title: 'This video was changed since you read it' },
  EXTERNAL_ID_TAKEN: { status: 409, title: 'Another video of this project has this external id' },
  SOURCE_ALREADY_UPLOADED: { status: 409, title: 'This video already has its source' },
  REPLACEMENT_IN_PROGRESS: { status: 409, title: 'The source of this video is being replaced already' },
  VIDEO_LIMIT_REACHED: { status: 409, title: 'This project has reached its limit of videos' },
  UPLOAD_LIMIT_REACHED: { status: 409, title: 'This project has reached its limit of open uploads' },
  UPLOAD_TOO_LARGE: { status: 413, title: 'The file is larger than allowed' },
  UPLOAD_INCOMPLETE: { status: 400, title: 'The upload ended before all bytes arrived' },
  UPLOAD_NOT_FOUND: { status: 404, title: 'There is no such upload' },
  UPLOAD_EXPIRED: { status: 410, title: 'This upload has expired; start again' },
  UPLOAD_OFFSET_MISMATCH: {
    status: 409,
    title: 'The upload has another offset; request it with HEAD and continue there',
  },
  UPLOAD_COMPLETED: { status: 400, title: 'This upload is already complete' },
  UPLOAD_LENGTH_INCONSISTENT: { status: 400, title: 'The lengths that were given for this upload differ' },
  UPLOAD_SUPERSEDED: { status: 409, title: 'Another request has taken over this upload' },
  TUS_VERSION_UNSUPPORTED: { status: 412, title: 'Unsupported tus version; use 1.0.0' },
  QUOTA_EXCEEDED: { status: 403, title: 'This would exceed the quota of this project' },
  UPLOAD_LINK_NOT_FOUND: { status: 404, title: 'There is no such upload link' },
  UPLOAD_LINK_EXPIRED: { status: 410, title: 'This upload link has expired' },
  UPLOAD_LINK_REVOKED: { status: 410, title: 'This upload link was revoked' },
  UPLOAD_LINK_USED_UP: { status: 409, title: 'This upload link takes no more files' },
  UPLOAD_LINK_LIMIT_REACHED: { status: 409, title: 'This project has reached its limit of upload links' },
  UPLOAD_LINK_ORIGIN_NOT_ALLOWED: { status: 403, title: 'Pages of this origin may not use this upload link' },
  UPLOAD_EMPTY: { status: 400, title: 'The upload has no bytes' },
  SOURCE_TYPE_UNSUPPORTED: { status: 415, title: 'This file type is not supported' },
  INSTALLATION_MISMATCH: { status: 409, title: 'This is not the installation that you named' },
  STORAGE_FULL: { status: 507, title: 'There is not enough storage for this file', retryable: true },
  AUDIO_TRACK_NOT_FOUND: { status: 404, title: 'This video has no such audio track' },
  AUDIO_TRACK_OF_SOURCE: {
    status: 409,
    title: 'This audio track is one of the source: it can be hidden, but neither replaced nor deleted',
  },
  AUDIO_TRACK_LIMIT_REACHED: { status: 409, title: 'This video has reached its limit of audio tracks' },
  RENDITION_NOT_FOUND: { status: 404, title: 'This video has no such rendition' },
  NOTHING_TO_RETRY: { status: 409, title: 'This video has no failed tasks' },
  CAPTIONS_INVALID: { status: 422, title: 'These captions are neither valid WebVTT nor SRT' },
  CAPTIONS_NOT_FOUND: { status: 404, title: 'This video has no captions in this language' },
  CAPTIONS_LIMIT_REACHED: { status: 409, title: 'This video has reached its limit of caption languages' },
  WATERMARK_INVALID: { status: 422, title: 'This image cannot be used as a watermark' },
  WATERMARK_NOT_FOUND: { status: 404, title: 'This video has no watermark' },
  WATERMARK_TOO_LATE: { status: 409, title: 'This video already has its source, so its watermark cannot be changed' },
  VIDEO_NOT_READY: { status: 409, title: 'This video is not ready yet' },
  VIDEO_WITHOUT_FRAMES: { status: 409, title: 'This video has audio only, so no frame can be chosen' },
  DOWNLOAD_DENIED: { status: 403, title: 'This playback link does not allow downloads' },
  DOWNLOAD_FAILED: { status: 409, title: 'This file could not be created; the owner can retry the video' },
  SOURCE_NOT_FOUND: { status: 404, title: 'This video has no uploaded file' },
  SOURCE_REMOVED: {
    status: 410,
    title: 'The uploaded file of this video was removed at the end of its retention; the video plays on',
  },
  SOURCE_NOT_PLAYABLE: { status: 404, title: 'The uploaded file of this video cannot be watched as it is' },
  FRAME_NOT_FOUND: { status: 404, title: 'This video has no frame at that time' },
  STILL_NOT_READY: { status: 503, title: 'This picture is still being made; ask again', retryable: true },
  STILL_FAILED: { status: 503, title: 'This picture could not be made', retryable: true },
  STILL_LIMIT_REACHED: {
    status: 503,
    title: 'Too many pictures of this video are being made at the moment',
    retryable: true,
  },
  PLAYBACK_NOT_READY: { status: 409, title: 'This video cannot be played yet' },
  PASSPORT_NOT_READY: { status: 404, title: 'This video has no passport yet; it gets one when it is ready' },
  PLAYBACK_DENIED: { status: 403, title: 'This playback link does not allow this' },
  PLAYBACK_DOMAIN_NOT_ALLOWED: { status: 403, title: 'Pages of this site may not play this video' },
  PLAYBACK_LINK_LIMIT_REACHED: { status: 409, title: 'This project has reached its limit of playback links' },
  PLAYBACK_TOKEN_NOT_FOUND: { status: 404, title: 'There is no such playback token' },
  PLAYBACK_KEY_NOT_FOUND: { status: 404, title: 'There is no such playback key' },
  PLAYBACK_KEY_LIMIT_REACHED: { status: 409, title: 'This project has reached its limit of playback keys' },
  FILE_NOT_FOUND: { status: 404, title: 'There is no such file' },
  TASK_LOG_NOT_FOUND: { status: 404, title: 'There is no log of this attempt' },
  PARKED_NOT_FOUND: { status: 404, title: 'There is no such parked message' },
  PARKED_UNREADABLE: { status: 409, title: 'This message cannot be read, so sending it again would not help' },
  TASK_GONE: { status: 409, title: 'This attempt of the task is no longer wanted' },

  // webhooks
  WEBHOOK_NOT_FOUND: { status: 404, title: 'There is no such webhook' },
  WEBHOOK_LIMIT_REACHED: { status: 409, title: 'This project has reached its limit of webhooks' },
  WEBHOOK_DISABLED: { status: 409, title: 'This webhook is disabled; enable it first' },
  WEBHOOK_TESTS_PENDING: {
    status: 429,
    title: 'Too many test messages of this account are waiting to be sent',
    retryable: true,
  },
  WEBHOOK_DELIVERY_NOT_FOUND: { status: 404, title: 'There is no such delivery' },

  // between services (see bus/)
  NOT_SENT: { status: 503, title: 'The service cannot be reached', retryable: true },
  NO_RESPONDER: { status: 503, title: 'The service is not running', retryable: true },
  QUEUE_FULL: { status: 503, title: 'The service is overloaded', retryable: true },
  CIRCUIT_OPEN: { status: 503, title: 'The service is failing and gets time to recover', retryable: true },
  CONNECTION_LOST: { status: 503, title: 'The connection was lost while waiting for the answer' },
  TIMEOUT: { status: 504, title: 'The service did not answer in time' },
  POISON: { status: 500, title: 'This request brought the service down repeatedly' },
  DEPENDENCY_UNAVAILABLE: { status: 503, title: 'A dependency of this service is down', retryable: true },
  INTERNAL: { status: 500, title: 'Something went wrong on our side' },
} as const satisfies Record<string, { status: number; title: string; retryable?: true }>

export type ErrorCode = keyof typeof ERRORS

export interface FieldError {
  /** Dotted path into the input, `''` for the whole. */
  path: string
  message: string
}

export interface AppErrorOptions {
  /** One sentence for the caller; must be safe to show. */
  detail?: string
  fields?: FieldError[]
  retryAfterMs?: number
  /** Numbers that a client needs to go on: extension members of the problem (RFC 9457 section 3.2). */
  members?: Record<string, number>
  /** Logged, never sent. */
  cause?: unknown
}

export class AppError extends Error {
  readonly code: ErrorCode
  readonly detail: string | undefined
  readonly fields: FieldError[] | undefined
  readonly retryAfterMs: number | undefined
  readonly members: Record<string, number> | undefined

  constructor(code: ErrorCode, options: AppErrorOptions = {}) {
    super(options.detail ?? ERRORS[code].title, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'AppError'
    this.code = code
    this.detail = options.detail
    this.fields = options.fields
    this.retryAfterMs = options.retryAfterMs
    this.members = options.members
  }

  get status(): number {
    return ERRORS[this.code].status
  }

  get retryable(): boolean {
    return 'retryable' in ERRORS[this.code]
  }
}

/** Codes of unavailable dependencies: connection errors, missing disks, and PostgreSQL's SQLSTATE classes 08 and 57. */
const UNAVAILABLE =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|EIO|ESTALE|ENOTCONN|08...|57014|57P0.|53300|25P03)$/
/** Messages of pg that have no code. */
const CONNECTION_LOST =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error)/

/** Turns any thrown value into an `AppError`; unknown ones become `INTERNAL` with the original as `cause`. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown
  const code = (thrown as { code?: unknown } | null)?.code
  if (isUnavailable(thrown, code)) return new AppError('DEPENDENCY_UNAVAILABLE', { cause: thrown, retryAfterMs: 1000 })
  if (code === 'ENOSPC') return new AppError('STORAGE_FULL', { cause: thrown })
  return new AppError('INTERNAL', { cause: thrown })
}

function isUnavailable(thrown: unknown, code: unknown): boolean {
  if (typeof code === 'string') return UNAVAILABLE.test(code)
  return thrown instanceof Error && CONNECTION_LOST.test(thrown.message)
}

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code)
}
