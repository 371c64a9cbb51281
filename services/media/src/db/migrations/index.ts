import type { SchemaDefinition } from '@kinora/common/db'
import { initial } from './0001-initial.ts'
import { installation } from './0002-installation.ts'
import { shares } from './0003-shares.ts'
import { slowWebhooks } from './0004-slow-webhooks.ts'
import { warnings } from './0005-warnings.ts'
import { audioTracks } from './0006-audio-tracks.ts'
import { subtitles } from './0007-subtitles.ts'
import { stillsAndInstantPlayback } from './0010-stills-and-instant-playback.ts'
import { transcripts } from './0011-transcripts.ts'
import { projects } from './0012-projects.ts'
import { delivery } from './0013-delivery.ts'
import { uploadLinks } from './0014-upload-links.ts'
import { playbackKeys } from './0015-playback-keys.ts'
import { externalIds } from './0016-external-ids.ts'
import { support } from './0017-support.ts'
import { lengths } from './0019-lengths.ts'
import { allowedDomains } from './0020-allowed-domains.ts'
import { sources } from './0021-sources.ts'
import { supportSearches } from './0022-support-searches.ts'

/** Media's part of the database; `kinora_media` reaches nothing else. */
export const schema: SchemaDefinition = {
  schema: 'media',
  role: 'kinora_media',
  migrations: [
    initial,
    installation,
    shares,
    slowWebhooks,
    warnings,
    audioTracks,
    subtitles,
    stillsAndInstantPlayback,
    transcripts,
    projects,
    delivery,
    uploadLinks,
    playbackKeys,
    externalIds,
    support,
    lengths,
    allowedDomains,
    sources,
    supportSearches,
  ],
}
