import { posix } from 'node:path'
import { type StorageFinding, spriteCount, spriteName } from '@kinora/common/contracts'
import { keys, type StorageKey } from '@kinora/common/storage'
import type { Context } from '../../context.ts'
import { renderPlaylists } from '../../domain/playlists.ts'
import { presentationOf } from '../../domain/presentation.ts'
import { folderOf } from '../../domain/video-facts.ts'
import { type StoredVideo, storedVideo } from '../../repositories/stored-video.ts'
import { type Finding, oldFiles } from './findings.ts'

const ATTEMPT = /^[0-9a-f-]{36}-\d+$/
const WATERMARK = /^watermark-[0-9a-f-]{36}\.png$/

/**
 * Files that the rows of a video name and that are missing; files in its folders, written before `before`, that no row names.
 */
export async function auditVideo(ctx: Context, videoId: string, before: number): Promise<Finding[]> {
  const findings = await compare(ctx, videoId, before)
  // Rows may change while files are listed, so only what a second comparison confirms is a finding.
  return findings.length === 0 ? [] : await compare(ctx, videoId, before)
}

async function compare(ctx: Context, videoId: string, before: number): Promise<Finding[]> {
  const stored = await storedVideo(ctx.db, videoId)
  if (!stored) return []
  const files = new Set<StorageKey>()
  for (const folder of [keys.sourceFolder(videoId), keys.videoFolder(videoId)]) {
    for await (const key of ctx.store.list(folder)) files.add(key)
  }
  return [...missingFiles(stored, files), ...(await unknownFiles(ctx, stored, [...files], before))]
}

function missingFiles(stored: StoredVideo, files: Set<StorageKey>): Finding[] {
  const expected = Object.entries(expectedFiles(stored)) as [StorageFinding['what'], StorageKey[]][]
  return expected.flatMap(([what, keys]) => {
    const missing = keys.filter((key) => !files.has(key))
    return finding('missing', what, stored.video.id, missing)
  })
}

async function unknownFiles(
  ctx: Context,
  stored: StoredVideo,
  files: StorageKey[],
  before: number,
): Promise<Finding[]> {
  const { video, attempts, pendingDeletion, replacingSources } = stored
  const own = `${keys.videoFolder(folderOf(video))}/`
  const kept = files.filter((file) => !pendingDeletion.some((key) => file === key || file.startsWith(`${key}/`)))
  const uploaded = new Set([...sourcesOf(video), ...replacingSources])
  const sources = kept.filter((file) => file.startsWith('sources/') && !uploaded.has(file))
  const abandoned = kept.filter((file) => {
    const [first = '', second = ''] = file.split('/').slice(file.startsWith(own) ? own.split('/').length - 1 : 2)
    return file.startsWith('videos/') && second !== '' && ATTEMPT.test(first) && !attempts.has(first)
  })
  const pictures = kept.filter((file) => WATERMARK.test(posix.basename(file)) && file !== video.watermark?.key)
  return [
    ...finding('unknown', 'watermark', video.id, await oldFiles(ctx.store, pictures, before)),
    ...finding('unknown', 'source', video.id, await oldFiles(ctx.store, sources, before)),
    ...finding('unknown', 'attempt', video.id, await oldFiles(ctx.store, abandoned, before)),
  ]
}

function finding(
  problem: StorageFinding['problem'],
  what: StorageFinding['what'],
  videoId: string,
  files: StorageKey[],
): Finding[] {
  const [example] = files
  if (example === undefined) return []
  const unknown = problem === 'unknown' ? files.map((key) => ({ key, folder: false })) : []
  return [{ problem, what, videoId, files: files.length, example, unknown }]
}

interface ExpectedFiles {
  source: StorageKey[]
  poster: StorageKey[]
  storyboard: StorageKey[]
  passport: StorageKey[]
  playback: StorageKey[]
  watermark: StorageKey[]
  still: StorageKey[]
}

/** The source, and audio that was added to it. */
function sourcesOf({ source_key: source, audio_tracks: tracks }: StoredVideo['video']): StorageKey[] {
  return [...(source === null ? [] : [source]), ...tracks.flatMap(({ added }) => (added ? [added.key] : []))]
}

/** The files that the rows of a video name. */
function expectedFiles({ video, written, stills }: StoredVideo): ExpectedFiles {
  const { poster_key: poster, passport_key: passport, storyboard, watermark } = video
  const sprites = storyboard ? Array.from({ length: spriteCount(storyboard) }, (_, index) => spriteName(index)) : []
  return {
    source: sourcesOf(video),
    poster: poster === null ? [] : [poster],
    storyboard: storyboard ? sprites.map((name) => `${storyboard.folderKey}/${name}`) : [],
    passport: passport === null ? [] : [passport],
    playback: playbackFiles(video, written),
    watermark: watermark ? [watermark.key] : [],
    still: stills,
  }
}

/** Playlists and the files that they name. Empty while playlists are to be written: they may be between two states. */
function playbackFiles(
  {
    plan,
    captions,
    audio_tracks: audioTracks,
    material,
    material_published: published,
    republish,
    ...video
  }: StoredVideo['video'],
  { parts, complete }: StoredVideo['written'],
): StorageKey[] {
  if (!plan || published === 0 || published < material || republish) return []
  const playlists = renderPlaylists(presentationOf(plan, parts, complete, { audioTracks, subtitles: captions }))
  const names = playlists.flatMap(({ name, content }) => [name, ...urisIn(content)])
  return [...new Set(names)].map((name) => keys.playlist(folderOf(video), name))
}

/** URIs in a playlist: whole lines, and attributes of tags. */
function urisIn(playlist: string): string[] {
  return [...playlist.matchAll(/^([^#\s].*)$|URI="([^"]*)"/gm)].map(([, line, attribute]) => line ?? attribute ?? '')
}
