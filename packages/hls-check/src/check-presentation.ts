import type { Attributes, MasterPlaylist, MediaPlaylist } from '@kinora/formats/hls'
import type { Verdict } from './findings.ts'
import { measureRendition, type Rendition } from './measure-rendition.ts'
import { checkGroups } from './rules/group-rules.ts'
import { checkAnnounced, checkIFrames } from './rules/i-frame-rules.ts'
import { checkMediaPlaylist, checkSameTarget } from './rules/playlist-rules.ts'
import {
  checkAudioAlone,
  checkBeginning,
  checkEnd,
  checkFrames,
  checkRendition,
  checkSameCuts,
  checkSameLength,
} from './rules/rendition-rules.ts'
import type { RuleId } from './rules/table.ts'
import { checkVariant } from './rules/variant-rules.ts'
import { FetchError, type Source } from './source.ts'
import { type FileDigest, type ReadPlaylist, Walk } from './walk.ts'

/** The known contents of a presentation, to compare with. */
export interface Expected {
  /** Of video; without video, of audio. */
  frames: number
  hasAudio: boolean
  /** Without it: true. */
  hasVideo?: boolean
  /** `digestOfContents` by the name of the media playlist; playlists without an entry are not compared. */
  contents: Readonly<Record<string, string>>
}

export interface CheckOptions {
  expected?: Expected
  signal?: AbortSignal
  /** Called with the fraction that is done, 0 to 1. */
  progress?(fraction: number): void
}

export interface Report {
  /** One for each rule, in the order of `RULES`. */
  verdicts: Verdict[]
  /** In the order in which they were read. */
  playlists: FileDigest[]
  /** Bytes of all files that were read. */
  bytes: number
}

/** The first file is not an HLS playlist; there is nothing to check. */
export class NotAPlaylist extends Error {
  override name = 'NotAPlaylist'
}

/**
 * Starts at the master playlist (or at a media playlist), follows it as a player does, reads every file and judges all
 * rules. Throws `NotAPlaylist`, `FetchError` when the first file cannot be fetched, or the reason of `signal`.
 */
export async function checkPresentation(source: Source, options: CheckOptions = {}): Promise<Report> {
  const walk = new Walk(source, options.signal ?? new AbortController().signal)
  const start = await walk.readPlaylist(source.start.href, source.start)
  if (!start) throw unreadable(walk.findings.verdicts())
  const { url, playlist } = start
  if (playlist.kind === 'media') await checkAlone(walk, { ...start, playlist }, options)
  else await checkMaster(walk, url, playlist, options)
  return { verdicts: walk.findings.verdicts(), playlists: walk.playlists, bytes: walk.bytes }
}

function unreadable(verdicts: readonly Verdict[]): Error {
  const broken = (rule: RuleId) => verdicts.find((verdict) => verdict.rule === rule)?.where[0]
  const missing = broken('HLS-04')
  return missing === undefined ? new NotAPlaylist(broken('HLS-01')) : new FetchError(missing)
}

async function checkAlone(walk: Walk, read: ReadPlaylist<MediaPlaylist>, options: CheckOptions): Promise<void> {
  checkMediaPlaylist(walk.findings, read)
  const rendition = await measureRendition(walk, read)
  if (rendition) checkTogether(walk, [rendition], false, options.expected)
}

async function checkMaster(walk: Walk, url: URL, master: MasterPlaylist, options: CheckOptions): Promise<void> {
  const audio = master.media.filter((attributes) => attributes.get('TYPE') === 'AUDIO')
  const uris = new Set([
    ...master.variants.map(({ uri }) => uri),
    ...audio.map(uriOf).filter((uri) => uri !== undefined),
  ])
  const playlists = new Map<string, ReadPlaylist<MediaPlaylist>>()
  for (const uri of uris) {
    const read = await readMediaPlaylist(walk, uri, url)
    if (read) playlists.set(uri, read)
  }
  checkSameTarget(walk.findings, [...playlists.values()])
  checkGroups(walk.findings, master.media)

  const renditions = new Map<string, Rendition>()
  for (const [uri, read] of playlists) {
    const rendition = await measureRendition(walk, read)
    if (rendition) renditions.set(uri, rendition)
    options.progress?.(renditions.size / (uris.size + 1))
  }
  for (const { uri, attributes } of master.variants) {
    const rendition = renditions.get(uri)
    checkVariant(walk.findings, { name: uri, attributes, rendition, audios: audiosOf(attributes, audio, renditions) })
  }
  checkTogether(walk, [...renditions.values()], master.independent, options.expected)
  await checkOthers(walk, url, master, [...renditions.values()])
  // RFC 8216 does not require them, but otherwise previews would appear only with some renditions.
  const videos = [...renditions.values()].filter(({ kind }) => kind === 'video')
  const everywhere = [0, videos.length].includes(master.iFrames.length)
  if (options.expected) walk.findings.check('HLS-21', everywhere, 'only some renditions have an I-frame playlist')
}

async function readMediaPlaylist(walk: Walk, uri: string, base: URL): Promise<ReadPlaylist<MediaPlaylist> | undefined> {
  const read = await walk.readPlaylist(uri, base)
  if (!read) return undefined
  const { playlist } = read
  walk.findings.check('HLS-01', playlist.kind === 'media', `${uri} is a master playlist inside another`)
  if (playlist.kind !== 'media') return undefined
  checkMediaPlaylist(walk.findings, { ...read, playlist })
  return { ...read, playlist }
}

function checkTogether(
  { findings }: Walk,
  renditions: readonly Rendition[],
  independent: boolean,
  expected: Expected | undefined,
): void {
  const videos = renditions.filter(({ kind }) => kind === 'video')
  const audios = renditions.filter(({ kind }) => kind === 'audio')
  for (const rendition of renditions) {
    checkRendition(findings, rendition, expected ? 0 : undefined)
    if (rendition.kind !== 'other') {
      checkBeginning(findings, rendition)
      checkEnd(findings, rendition)
    }
    const contents = expected?.contents[rendition.name]
    if (contents !== undefined) findings.check('HLS-22', contents === rendition.contents, rendition.name)
  }
  for (const name of Object.keys(expected?.contents ?? {})) {
    const isNamed = renditions.some((rendition) => rendition.name === name)
    findings.check('HLS-22', isNamed, `${name} is not part of the presentation, or cannot be read`)
  }
  for (const { name, playlist } of videos) findings.check('HLS-08', independent || playlist.independent, name)
  checkSameCuts(findings, videos)
  checkFrames(findings, videos, expected?.frames)
  checkSameLength(findings, videos, audios)
  if (videos.length === 0) checkAudioAlone(findings, audios, expected?.frames)
  if (!expected) return
  const asExpected = audios.length > 0 === expected.hasAudio
  findings.check('HLS-20', asExpected, `it has ${audios.length > 0 ? 'audio' : 'no audio'}, unlike the source`)
  const shown = videos.length > 0 === (expected.hasVideo ?? true)
  findings.check('HLS-29', shown, `it has ${videos.length > 0 ? 'video' : 'no video'}, unlike the source`)
}

/** Optional playlists: key frames to seek by, and subtitles, of which only the playlist is read. */
async function checkOthers(
  walk: Walk,
  url: URL,
  { iFrames, media }: MasterPlaylist,
  renditions: readonly Rendition[],
): Promise<void> {
  for (const attributes of iFrames) {
    checkAnnounced(walk.findings, attributes)
    const read = await readMediaPlaylist(walk, uriOf(attributes) ?? '', url)
    if (read) checkIFrames(walk.findings, read, attributes, renditions)
  }
  for (const attributes of media.filter((one) => one.get('TYPE') === 'SUBTITLES')) {
    const uri = uriOf(attributes)
    if (uri !== undefined) await readMediaPlaylist(walk, uri, url)
  }
}

function uriOf(attributes: Attributes): string | undefined {
  return attributes.get('URI')
}

/** Undefined when the variant names a group that does not exist. */
function audiosOf(
  variant: Attributes,
  audio: readonly Attributes[],
  renditions: ReadonlyMap<string, Rendition>,
): Rendition[] | undefined {
  const group = variant.get('AUDIO')
  if (group === undefined) return []
  const members = audio.filter((attributes) => attributes.get('GROUP-ID') === group)
  return members.length === 0 ? undefined : members.flatMap((member) => renditions.get(uriOf(member) ?? '') ?? [])
}
