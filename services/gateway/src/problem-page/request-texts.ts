import type { Texts } from './problem-text.ts'

/** Of codes about any request, and about calls between services. */
export const REQUEST_TEXTS = {
  BAD_REQUEST: [
    'The server could not read the request as HTTP: a broken path, two Host headers, or a connection that ended in the middle of the body.',
    'Look at `detail`. Send the request with an ordinary HTTP library, and percent-encode what you put into paths.',
  ],
  MALFORMED_JSON: [
    'The body is not JSON, often because a value was pasted into the text without quoting.',
    'Let a library serialise the body, and send `Content-Type: application/json`.',
  ],
  VALIDATION_FAILED: [
    'A parameter or field is missing, has the wrong type or length, or is not known to this operation.',
    '`errors` lists each wrong field with its path. Compare with the operation in the API reference.',
  ],
  BODY_TOO_LARGE: [
    'The body is larger than this operation takes: JSON up to 100 KiB, captions up to 1 MiB.',
    'Send less. Video files belong to the routes of uploads.',
  ],
  UNSUPPORTED_MEDIA_TYPE: [
    'The `Content-Type` or `Content-Encoding` is not one that this operation reads.',
    'Send the type that the API reference names, without a content encoding.',
  ],
  ROUTE_NOT_FOUND: [
    'No operation has this path, often because of a missing `/v1` or a slash too many.',
    'Compare the path with the API reference. Paths are case-sensitive.',
  ],
  METHOD_NOT_ALLOWED: ['The path exists with other methods only.', 'The header `Allow` lists them.'],
  RANGE_NOT_SATISFIABLE: [
    'The range begins behind the end of the file, for example because the file at hand is an older, longer one.',
    '`Content-Range` has the size of the file. Ask for a range within it, or for the whole.',
  ],
  REQUEST_TIMEOUT: [
    'The head of the request took longer than 10 seconds to arrive.',
    'Send it again. If it happens often, look for a slow network or proxy on the way.',
  ],
  HEADERS_TOO_LARGE: [
    'The headers are larger than the server reads, mostly because of cookies of other applications under the same host.',
    'Send fewer and shorter headers, or give the installation a host name of its own.',
  ],
  RATE_LIMITED: [
    'The allowance of this address, account, API key or mail address is used up for now. `RateLimit` names which one.',
    'Wait for `Retry-After` seconds. Ask less often: webhooks instead of polling, lists instead of single reads. Operators set the limits.',
  ],
  BANDWIDTH_LIMITED: [
    'More bytes of videos were sent to this address than it may have in a window: `playback-bytes` for players, `download-bytes` for whole files.',
    'Wait for `Retry-After` seconds; a download continues with a range request. For an office behind one address operators raise `RATE_LIMIT_PLAYBACK_MB` or `RATE_LIMIT_DOWNLOAD_MB`.',
  ],
  CONCURRENCY_LIMITED: [
    'As many files are being sent to this address as it may have at once.',
    'Let some of them end, then try again. Operators set `OPEN_FILES_PER_ADDRESS` and `OPEN_DOWNLOADS_PER_ADDRESS`.',
  ],
  IDEMPOTENCY_KEY_REUSED: [
    'The key came before with another path or body, within the last day.',
    'Use a new random key for each thing that you want to make, and the same one only to repeat the very same request.',
  ],
  IDEMPOTENCY_KEY_IN_USE: [
    'The first request with this key is still being worked on.',
    'Repeat the request after `Retry-After` seconds; it gets the answer of the first one.',
  ],
  NOT_SENT: [
    'The gateway has no connection to the message broker, so that nothing was asked.',
    'Try again in some seconds. Operators: `/readyz` of the gateway says what is missing.',
  ],
  NO_RESPONDER: [
    'The service that answers this is not running or just starts.',
    'Try again in some seconds. Operators: look whether auth and media run.',
  ],
  QUEUE_FULL: [
    'So many requests wait for the service that it takes no more.',
    'Try again later, with longer pauses each time. Operators: start more processes of the service.',
  ],
  CIRCUIT_OPEN: [
    'The service failed several times in a row and is left alone for a moment.',
    'Try again after `Retry-After` seconds.',
  ],
  CONNECTION_LOST: [
    'The connection to the broker broke while the answer was awaited. The request may have been carried out.',
    'Read the state of what you changed before you repeat it, or repeat it with its `Idempotency-Key`.',
  ],
  TIMEOUT: [
    'The service did not answer within seconds. A change whose time has passed was not made.',
    'Try again. If it lasts, operators find slow statements in the logs of the service.',
  ],
  POISON: [
    'Processes of the service died each time that they worked on this request.',
    'Do not repeat it. Tell the operators the `requestId`; the message is in `kinora parked list`.',
  ],
  DEPENDENCY_UNAVAILABLE: [
    'A database, store or other server that is needed for this does not answer.',
    'Try again after `Retry-After` seconds. Operators: `/readyz` says which one.',
  ],
  INTERNAL: [
    'A fault of the server.',
    'Tell the operators the `requestId`: the log has the error under it. A repetition mostly fails as well.',
  ],
} as const satisfies Texts
