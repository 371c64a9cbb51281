import { spriteCount, spriteName } from '@kinora/common/contracts'
import { keys, type StorageKey } from '@kinora/common/storage'
import { renderPlaylists } from '../../domain/playlists.ts'
import { presentationOf } from '../../domain/presentation.ts'
import type { StoredVideo } from '../../repositories/stored-video.ts'

export interface ExpectedFiles {
  source: StorageKey[]
  poster: StorageKey[]
  storyboard: StorageKey[]
  passport: StorageKey[]
  playback: StorageKey[]
  watermark: StorageKey[]
}

/** The files that the rows of a video name. */
export function expectedFiles({ video, written }: StoredVideo): ExpectedFiles {
  const { source_key: source, poster_key: poster, passport_key: passport, storyboard, watermark } = video
  const sprites = storyboard ? Array.from({ length: spriteCount(storyboard) }, (_, index) => spriteName(index)) : []
  return {
    source: source === null ? [] : [source],
    poster: poster === null ? [] : [poster],
    storyboard: storyboard ? sprites.map((name) => `${storyboard.folderKey}/${name}`) : [],
    passport: passport === null ? [] : [passport],
    playback: playbackFiles(video, written),
    watermark: watermark ? [watermark.key] : [],
  }
}

/** Playlists and the files that they name. Empty while playlists are to be written: they may be between two states. */
function playbackFiles(
  { id, plan, captions, material, material_published: published, republish }: StoredVideo['video'],
  { parts, complete }: StoredVideo['written'],
): StorageKey[] {
  if (!plan || published === 0 || published < material || republish) return []
  const playlists = renderPlaylists(presentationOf(plan, parts, complete, captions))
  const names = playlists.flatMap(({ name, content }) => [name, ...urisIn(content)])
  return [...new Set(names)].map((name) => keys.playlist(id, name))
}

/** URIs in a playlist: whole lines, and attributes of tags. */
function urisIn(playlist: string): string[] {
  return [...playlist.matchAll(/^([^#\s].*)$|URI="([^"]*)"/gm)].map(([, line, attribute]) => line ?? attribute ?? '')
}
