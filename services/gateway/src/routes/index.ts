import { accounts, limits } from './accounts.ts'
import { administration, audit } from './administration.ts'
import { apiKeys } from './api-keys.ts'
import { audioTracks } from './audio-tracks.ts'
import { captions } from './captions.ts'
import { delivery } from './delivery.ts'
import { downloads } from './downloads.ts'
import { events } from './events.ts'
import { instantPlayback } from './instant-playback.ts'
import { oembed } from './oembed.ts'
import { linkUploads } from './link-uploads.ts'
import { passkeys } from './passkeys.ts'
import { passwords } from './passwords.ts'
import { personalData } from './personal-data.ts'
import { pictures } from './pictures.ts'
import { playback } from './playback.ts'
import { playbackKeys } from './playback-keys.ts'
import { projects } from './projects.ts'
import { resumableUploads } from './resumable-uploads.ts'
import type { Route } from './route.ts'
import { secondFactor } from './second-factor.ts'
import { sessions } from './sessions.ts'
import { stills } from './stills.ts'
import { system } from './system.ts'
import { uploadLinks } from './upload-links.ts'
import { uploads } from './uploads.ts'
import { storedFiles, taskLog, videos } from './videos.ts'
import { watermarks } from './watermarks.ts'
import { webhooks } from './webhooks.ts'

/** All routes of the API, apart from its own description (`/openapi.json`, `/docs`). Express takes the first match, so the most frequent routes come first. */
export const routes: readonly Route[] = [
  ...videos,
  ...audioTracks,
  ...accounts,
  ...passwords,
  ...sessions,
  ...secondFactor,
  ...passkeys,
  ...personalData,
  ...audit,
  ...apiKeys,
  ...projects,
  ...administration,
  ...taskLog,
  ...uploads,
  ...resumableUploads,
  ...uploadLinks,
  ...linkUploads,
  ...limits,
  ...playbackKeys,
  ...webhooks,
  ...events,
  ...captions,
  ...watermarks,
  ...storedFiles,
  ...pictures,
  ...downloads,
  ...stills,
  ...instantPlayback,
  ...playback,
  ...delivery,
  ...oembed,
  ...system,
]
