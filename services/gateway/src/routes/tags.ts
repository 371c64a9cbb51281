/** The chapters of the API's description, in the order in which a reader meets them. */
export const TAGS = {
  Videos: 'Create, find, change and delete videos, and follow the work on them.',
  Uploads: 'Send the source of a video: in one request, or resumable over several (tus 1.0.0).',
  Captions: 'Captions and chapters: timed text that runs along with a video.',
  Watermarks: 'A picture that is burnt into a video when it is encoded.',
  'Playback links': 'Tokens that let whoever holds the link play a private video for a limited time.',
  Playback: 'What players fetch: HLS playlists and segments, posters, thumbnails, captions and downloads.',
  Webhooks: 'HTTP requests that tell your server what happens to your videos, signed as in Standard Webhooks.',
  Usage: 'How much storage, time and work an account uses, and what its limits are.',
  Accounts: 'Register, sign in, and see, change, export or delete the own account.',
  'Passwords and e-mail': 'Change or reset a password and confirm an e-mail address.',
  Sessions: 'Renew access tokens, list the sessions of an account and end them.',
  'Second factor': 'Authenticator apps (TOTP), recovery codes, and the second step of a sign-in.',
  Passkeys: 'Add and remove passkeys (WebAuthn), and sign in with one instead of a password.',
  'API keys': 'Keys with which programs act for an account.',
  'Audit log': 'What happened to accounts, when, and on whose request.',
  Administration: 'Accounts, service accounts, limits and failed messages; for administrators.',
  System: 'Health of the gateway, and the public keys that access tokens are signed with.',
} as const
export type Tag = keyof typeof TAGS
