import type { Attributes } from './attribute-list.ts'
import { type Master, type MediaPlaylist, parseMaster, parseMediaPlaylist } from './playlist.ts'

/** One media playlist with every byte it leads to. */
export type Rendition = {
  name: string
  /** Of EXT-X-STREAM-INF or EXT-X-MEDIA. */
  attributes: Attributes
  url: string
  playlist: MediaPlaylist
  init: Buffer
  segments: Buffer[]
  segmentUrls: string[]
}

export type Presentation = {
  url: string
  master: Master
  video: Rendition[]
  /** That of the first group; a second group has the same sound in more channels. */
  audio: Rendition | null
  /** What is offered to networks that carry no picture. */
  soundOnly: Master['variants']
}

/** Follows a master playlist as a player does and downloads everything. Throws at the first thing that is not there. */
export async function download(masterUrl: string): Promise<Presentation> {
  const master = parseMaster(await text(masterUrl))
  const [sound, ...more] = master.media.filter(({ TYPE }) => TYPE === 'AUDIO')
  if (more.some((other) => other['GROUP-ID'] === sound?.['GROUP-ID']))
    throw new Error('A group has two tracks of sound')
  const video: Rendition[] = []
  const soundOnly = master.variants.filter(({ attributes }) => attributes.RESOLUTION === undefined)
  for (const variant of master.variants) {
    const { attributes, uri } = variant
    if (soundOnly.includes(variant) || attributes.AUDIO !== sound?.['GROUP-ID']) continue
    video.push(await rendition(uri, attributes, masterUrl))
  }
  const audio = sound ? await rendition(sound.URI ?? '', sound, masterUrl) : null
  return { url: masterUrl, master, video, audio, soundOnly }
}

async function rendition(uri: string, attributes: Attributes, base: string): Promise<Rendition> {
  const url = new URL(uri, base).href
  const playlist = parseMediaPlaylist(await text(url))
  if (!playlist.mapUri) throw new Error(`${uri} has no EXT-X-MAP`)
  const init = await bytes(new URL(playlist.mapUri, url).href)
  const segmentUrls = playlist.segments.map((segment) => new URL(segment.uri, url).href)
  const segments: Buffer[] = []
  for (const segmentUrl of segmentUrls) segments.push(await bytes(segmentUrl))
  return { name: nameOf(uri), attributes, url, playlist, init, segments, segmentUrls }
}

/** A source that has replaced another names its playlists `<version>.720p.m3u8`. */
function nameOf(uri: string): string {
  return uri.replace(/^[0-9a-f-]{36}\./, '').replace(/\.m3u8$/, '')
}

async function text(url: string): Promise<string> {
  return (await fetched(url)).text()
}

async function bytes(url: string): Promise<Buffer> {
  return Buffer.from(await (await fetched(url)).arrayBuffer())
}

async function fetched(url: string): Promise<Response> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(30_000) })
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`)
  return answer
}
