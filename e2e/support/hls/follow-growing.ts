import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { unless } from './check-playback.ts'
import { type MediaPlaylist, parseMaster, parseMediaPlaylist } from './playlist.ts'

const EVERY_MS = 100

/** What was seen of one media playlist. */
type Seen = { url: string; playlist: MediaPlaylist; bytes: Map<string, string> }

export type Growth = {
  /** Everything that was wrong, a sentence each. */
  problems: string[]
  /** How often a playlist was seen with more segments than before. */
  grew: number
}

/**
 * Loads a master playlist and all that it names again and again, as players of a growing video do (RFC 8216 sections 6.2.1
 * and 6.3.4), until every playlist is closed, and compares each look with the one before. It shares no code with the
 * services.
 */
export async function followGrowing(masterUrl: string, signal: AbortSignal): Promise<Growth> {
  const seen = new Map<string, Seen>()
  const growth: Growth = { problems: [], grew: 0 }
  for (;;) {
    signal.throwIfAborted()
    // Read before the lists: what the master names must be there.
    const names = await namesIn(masterUrl)
    growth.problems.push(...missing([...seen.keys()], names))
    for (const name of names) await look(new URL(name, masterUrl).href, name, seen, growth)
    const lists = [...seen.values()]
    if (lists.length > 0 && lists.every(({ playlist }) => playlist.ended)) {
      growth.problems.push(...(await changedBytes(lists)))
      return growth
    }
    await sleep(EVERY_MS)
  }
}

async function namesIn(masterUrl: string): Promise<string[]> {
  const { media, variants } = parseMaster(await (await get(masterUrl)).text())
  return [...new Set([...media.map(({ URI = '' }) => URI), ...variants.map(({ uri }) => uri)])]
}

function missing(before: string[], now: string[]): string[] {
  return before.filter((name) => !now.includes(name)).map((name) => `The master does not name ${name} any more`)
}

async function look(url: string, name: string, seen: Map<string, Seen>, growth: Growth): Promise<void> {
  const playlist = parseMediaPlaylist(await (await get(url)).text())
  const before = seen.get(name)
  growth.problems.push(...checkKind(name, playlist), ...(before ? compare(name, before.playlist, playlist) : []))
  if (before && playlist.segments.length > before.playlist.segments.length) growth.grew += 1
  const bytes = before?.bytes ?? new Map<string, string>()
  const uris = [playlist.mapUri ?? '', ...playlist.segments.map(({ uri }) => uri)]
  // Each file is fetched at the first moment at which a player could.
  for (const uri of uris) if (!bytes.has(uri)) bytes.set(uri, await digest(new URL(uri, url).href))
  seen.set(name, { url, playlist, bytes })
}

function checkKind(name: string, { playlistType, ended, segments, mediaSequence }: MediaPlaylist): string[] {
  return [
    ...unless(playlistType === (ended ? 'VOD' : 'EVENT'), `${name}: ${playlistType} although ended is ${ended}`),
    ...unless(segments.length > 0, `${name}: it is empty`),
    ...unless(mediaSequence === 0, `${name}: EXT-X-MEDIA-SEQUENCE is ${mediaSequence}`),
  ]
}

/** What precedes the name of a file is renewed before it expires. */
const ADDRESS = /\bv\/[0-9a-f-]{36}\/[\w-]+\//g

/** Section 6.2.1: nothing may change but that segments and the end are added. */
function compare(name: string, before: MediaPlaylist, now: MediaPlaylist): string[] {
  const start = now.segments.slice(0, before.segments.length)
  const isSame = (one: unknown, other: unknown) =>
    JSON.stringify(one)?.replaceAll(ADDRESS, '') === JSON.stringify(other)?.replaceAll(ADDRESS, '')
  return [
    ...unless(isSame(start, before.segments), `${name}: a listed segment has changed`),
    ...unless(isSame(now.mapUri, before.mapUri), `${name}: EXT-X-MAP has changed`),
    ...unless(now.targetDuration === before.targetDuration, `${name}: EXT-X-TARGETDURATION has changed`),
    ...unless(now.ended || !before.ended, `${name}: it was closed and is open again`),
  ]
}

async function changedBytes(lists: Seen[]): Promise<string[]> {
  const problems: string[] = []
  for (const { url, bytes } of lists)
    for (const [uri, before] of bytes)
      problems.push(...unless((await digest(new URL(uri, url).href)) === before, `${uri} has other bytes than before`))
  return problems
}

async function digest(url: string): Promise<string> {
  return createHash('sha256')
    .update(Buffer.from(await (await get(url)).arrayBuffer()))
    .digest('hex')
}

async function get(url: string): Promise<Response> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(30_000) })
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`)
  return answer
}
