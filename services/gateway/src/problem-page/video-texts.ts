import type { Texts } from './problem-text.ts'

const LIST = 'List them and take an id from there.'

/** Of codes about videos, uploads, playback and webhooks. */
export const VIDEO_TEXTS = {
  VIDEO_NOT_FOUND: [
    'No video has this id, or it is private and you are not a member of its project. The two look the same.',
    'Check the id, the project of the API key, and whether the video was deleted or has expired.',
  ],
  VIDEO_CHANGED: [
    'Somebody updated the video since you read the `ETag` that `If-Match` has.',
    'Read it again, and repeat the change if it still makes sense.',
  ],
  EXTERNAL_ID_TAKEN: [
    'An external id belongs to one video of a project.',
    'Find the other video with `?externalId=`. Change or delete it, or use another id.',
  ],
  SOURCE_ALREADY_UPLOADED: [
    'The video has a source that is being processed, or the upload link has made this video already.',
    'Wait until it is ready or has failed, then replace the source, or create a new video.',
  ],
  VIDEO_LIMIT_REACHED: ['The project has as many videos as it may.', 'Delete some, or ask the operators.'],
  UPLOAD_LIMIT_REACHED: [
    'Too many uploads of the project are open, perhaps left behind by clients that went away.',
    'Complete or delete them; they expire by themselves after a day.',
  ],
  UPLOAD_TOO_LARGE: [
    'The file is larger than this installation, project or upload link takes.',
    'Upload a smaller file. `GET /v1/usage` shows the limit of the project.',
  ],
  UPLOAD_INCOMPLETE: [
    'The connection ended before the announced length was reached.',
    'Upload again; a resumable upload continues where it was cut off.',
  ],
  UPLOAD_COMPLETED: ['The upload was complete before this request.', 'Nothing is missing: read its state with HEAD.'],
  UPLOAD_LENGTH_INCONSISTENT: [
    'The request gives the file another length than an earlier one, or than its bytes have.',
    'Read `Upload-Length` with HEAD, and begin another upload if the file has changed.',
  ],
  UPLOAD_NOT_FOUND: [
    'The upload was completed, deleted or has expired, or it belongs to somebody else.',
    'Begin a new one.',
  ],
  UPLOAD_EXPIRED: ['No byte came for longer than an open upload is kept.', 'Begin a new one.'],
  UPLOAD_OFFSET_MISMATCH: [
    'The server has another number of bytes than the request continues from, mostly after a lost answer.',
    'Ask for the offset with `HEAD`, and continue there. Clients of tus do it by themselves.',
  ],
  UPLOAD_SUPERSEDED: [
    'Another request writes to this upload: a second tab, or a retry while the first one still runs.',
    'Let one client send at a time.',
  ],
  TUS_VERSION_UNSUPPORTED: ['The client speaks another version of tus.', 'Send `Tus-Resumable: 1.0.0`.'],
  QUOTA_EXCEEDED: [
    'The project would have more bytes or minutes than it may.',
    '`GET /v1/usage` shows both. Delete videos, or ask the operators for more.',
  ],
  UPLOAD_LINK_NOT_FOUND: ['No upload link has this address or id.', 'Copy the whole address, or ask for a new link.'],
  UPLOAD_LINK_EXPIRED: ['The time of the link is over.', 'Ask for a new link.'],
  UPLOAD_LINK_REVOKED: ['Its project has taken the link back.', 'Ask for a new link.'],
  UPLOAD_LINK_USED_UP: ['As many files came by the link as it takes.', 'Ask for a new link, or one with more uses.'],
  UPLOAD_LINK_LIMIT_REACHED: ['The project has as many upload links as it may.', 'Revoke those that are not needed.'],
  UPLOAD_LINK_ORIGIN_NOT_ALLOWED: [
    'The link names the origins whose pages may use it, and this page is of another one.',
    'Open the page under one of them, or create a link with `allowedOrigins` that has yours.',
  ],
  UPLOAD_EMPTY: ['The body has no bytes.', 'Check that the file was read before it was sent.'],
  SOURCE_TYPE_UNSUPPORTED: [
    'The file is not of a type that is taken, by its content type or by what the upload link allows.',
    'Send the video with its own content type. The page on formats lists what is accepted.',
  ],
  INSTALLATION_MISMATCH: [
    'The command names another installation than the one that answers.',
    'Check which installation the command line is connected to before you repeat it.',
  ],
  STORAGE_FULL: ['The disk of the store is full.', 'Try again later. Operators: free or add space.'],
  AUDIO_TRACK_NOT_FOUND: ['The video has no audio track with this id.', '`audioTracks` of the video lists them.'],
  AUDIO_TRACK_OF_SOURCE: [
    'The track came with the uploaded file, which is never changed.',
    'Hide it with `PATCH`, and add your own track.',
  ],
  AUDIO_TRACK_LIMIT_REACHED: ['A video has a limited number of audio tracks.', 'Delete an added one first.'],
  RENDITION_NOT_FOUND: ['The video has no rendition of this name.', '`renditions` of the video lists them.'],
  NOTHING_TO_RETRY: [
    'Nothing of this video has failed for good.',
    'Look at its timeline: the work may be done, or still under way.',
  ],
  CAPTIONS_INVALID: [
    'The text is neither WebVTT nor SRT. `detail` says where it goes wrong.',
    'Export the captions again, as WebVTT in UTF-8.',
  ],
  CAPTIONS_NOT_FOUND: ['The video has no captions in this language.', 'List the captions of the video.'],
  CAPTIONS_LIMIT_REACHED: ['A video has captions in a limited number of languages.', 'Delete one first.'],
  WATERMARK_INVALID: ['The image cannot be read, or is too large.', 'Send a PNG, JPEG or WebP of a moderate size.'],
  WATERMARK_NOT_FOUND: ['The video has no watermark.', 'Set one before the source is uploaded.'],
  WATERMARK_TOO_LATE: [
    'A watermark is part of the frames, so that it must be there before they are encoded.',
    'Set it on a new video before you upload the source.',
  ],
  VIDEO_NOT_READY: [
    'This needs a video whose processing is complete.',
    'Wait for the status `ready`: by webhook, event stream, or reading the video.',
  ],
  VIDEO_WITHOUT_FRAMES: ['The source has audio only.', 'The poster is its cover or waveform, and stays so.'],
  DOWNLOAD_DENIED: ['The link plays the video and does not offer its files.', 'Create a link with `download: true`.'],
  DOWNLOAD_FAILED: ['The file could not be put together.', 'An editor retries the video; the timeline has the cause.'],
  REPLACEMENT_IN_PROGRESS: [
    'Another file is replacing the source of this video.',
    'Wait until `replacement` of the video is null, then try again.',
  ],
  SOURCE_REMOVED: [
    'The source was removed after the time that the video or its project keeps it; the video plays on.',
    'Upload the source again with `PUT /v1/videos/{videoId}/source`.',
  ],
  SOURCE_NOT_FOUND: ['Nothing was uploaded for this video yet.', 'Upload the source.'],
  SOURCE_NOT_PLAYABLE: [
    'Browsers do not play this file, it may not be watched by others, or the video plays as HLS already.',
    'Use `playback.hlsUrl` once the video is `playable`.',
  ],
  FRAME_NOT_FOUND: ['The time is behind the end of the video.', 'Ask for a time within its length.'],
  STILL_NOT_READY: ['A worker is making the picture.', 'Ask again after `Retry-After` seconds; once made it is kept.'],
  STILL_FAILED: ['The worker could not make the picture.', 'Ask again. The timeline of the video has the cause.'],
  STILL_LIMIT_REACHED: [
    'Many pictures of one video were asked for at once.',
    'Ask for fewer at a time, or use the storyboard for previews.',
  ],
  PLAYBACK_NOT_READY: [
    'No segment of the video exists yet.',
    'Wait until `playable` is true: by webhook, event stream, or reading the video.',
  ],
  PASSPORT_NOT_READY: ['A passport is written when a video becomes ready.', 'Wait for the status `ready`.'],
  PLAYBACK_DENIED: [
    'The link or address was revoked, has expired, is not complete, or does not reach this rendition. `detail` says which where it may be told.',
    'Get a new link or token. A player that was paused for hours loads the playlist again.',
  ],
  PLAYBACK_DOMAIN_NOT_ALLOWED: [
    'The video, or its project, names the sites whose pages may play it, and this page is of another one, or does not say of which.',
    'Add the host name of the site to `allowedDomains` of the video or project. Pages must send an `Origin` or `Referer`: do not set `Referrer-Policy: no-referrer`.',
  ],
  PLAYBACK_LINK_LIMIT_REACHED: [
    'The project has as many playback links as it may.',
    'Give links a shorter life, or sign tokens with a playback key.',
  ],
  PLAYBACK_TOKEN_NOT_FOUND: ['The video has no link with this id, or it has expired.', LIST],
  PLAYBACK_KEY_NOT_FOUND: ['The project has no playback key with this id.', LIST],
  PLAYBACK_KEY_LIMIT_REACHED: ['The project has as many playback keys as it may.', 'Retire those that are not used.'],
  FILE_NOT_FOUND: [
    'The video has no such file: no poster yet, no captions in this language, or a path that no playlist names.',
    'Take addresses from the video and its playlists instead of building them.',
  ],
  TASK_LOG_NOT_FOUND: [
    'Logs are kept of attempts that printed something.',
    'The timeline says which attempts have one.',
  ],
  PARKED_NOT_FOUND: ['The message was sent again or discarded.', LIST],
  PARKED_UNREADABLE: ['The message is damaged, or of a version that nobody reads.', 'Look at it, and discard it.'],
  TASK_GONE: [
    'The video was deleted, or another worker has the task.',
    'Nothing: a worker that gets this stops its attempt.',
  ],
  EVENTS_TOKEN_INVALID: [
    'The address of the stream is malformed, is for another video, or was made more than five minutes ago.',
    'Make another with `POST /v1/videos/{videoId}/events-token`.',
  ],
  WEBHOOK_NOT_FOUND: ['The webhook was deleted, or belongs to another project.', LIST],
  WEBHOOK_LIMIT_REACHED: ['The project has as many webhooks as it may.', 'Delete one, or let one take more events.'],
  WEBHOOK_DISABLED: [
    'The webhook was switched off, by hand or because its address failed for days.',
    'Repair the address, then enable the webhook with `PATCH`.',
  ],
  WEBHOOK_TESTS_PENDING: [
    'Test messages wait because their addresses do not answer.',
    'Wait, and look at the deliveries of the webhook.',
  ],
  WEBHOOK_DELIVERY_NOT_FOUND: ['The webhook has no such delivery, or it was removed by age.', LIST],
} as const satisfies Texts
