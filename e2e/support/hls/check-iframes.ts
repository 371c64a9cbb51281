import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Attributes } from './attribute-list.ts'
import { unless } from './check-playback.ts'
import type { Presentation, Rendition } from './download.ts'
import { type ByteRange, parseMediaPlaylist } from './playlist.ts'

const run = promisify(execFile)

/**
 * Fetches the key frames that I-frame playlists name, by their ranges, and decodes each with nothing but the initialisation
 * (RFC 8216 section 4.3.3.6): all of the smallest rendition, the last ones of the others.
 * @returns everything that is wrong, a sentence each
 */
export async function checkIFrames({ url, master, video }: Presentation): Promise<string[]> {
  const dir = await mkdtemp(join(tmpdir(), 'kinora-iframes-'))
  try {
    const problems = unless(master.iFrames.length === video.length, 'Not every rendition has an I-frame playlist')
    for (const [index, attributes] of master.iFrames.entries()) {
      const rendition = video[index]
      if (rendition) problems.push(...(await checkOne(url, attributes, rendition, dir, index === 0)))
    }
    return problems
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

async function checkOne(
  base: string,
  attributes: Attributes,
  rendition: Rendition,
  dir: string,
  isSmallest: boolean,
): Promise<string[]> {
  const { URI = '', BANDWIDTH, RESOLUTION } = attributes
  const url = new URL(URI, base).href
  const { segments, iFramesOnly, ended, targetDuration, mapUri } = parseMediaPlaylist(await (await fetch(url)).text())
  const total = (all: { seconds: number }[]) => all.reduce((sum, { seconds }) => sum + seconds, 0)
  const peak = Math.max(
    ...segments.map(({ seconds, range }) => (seconds >= targetDuration / 2 ? (lengthOf(range) * 8) / seconds : 0)),
  )
  const problems = [
    ...unless(iFramesOnly && ended, `${URI}: it is no closed I-frame playlist`),
    ...unless(mapUri === rendition.playlist.mapUri, `${URI}: another EXT-X-MAP than that of the rendition`),
    ...unless(RESOLUTION === rendition.attributes.RESOLUTION, `${URI}: RESOLUTION is ${RESOLUTION}`),
    ...unless(Math.abs(total(segments) - total(rendition.playlist.segments)) < 0.001, `${URI}: another length`),
    ...unless(Number(BANDWIDTH) >= peak * 0.999, `${URI}: BANDWIDTH ${BANDWIDTH} is below the measured ${peak}`),
    ...unless(
      segments.every(({ seconds }) => seconds <= 10.5),
      `${URI}: key frames lie more than ten seconds apart`,
    ),
  ]
  for (const { uri, range } of segments.slice(isSmallest ? 0 : -1)) {
    const picture = await fetchRange(new URL(uri, url).href, range)
    const found = await decode(Buffer.concat([rendition.init, picture]), dir)
    problems.push(...unless(found === `1 ${RESOLUTION} I`, `${URI}: ${uri} at ${range?.start} decodes to ${found}`))
  }
  return problems
}

function lengthOf(range: ByteRange | null): number {
  return range ? range.end - range.start : Number.NaN
}

async function fetchRange(url: string, range: ByteRange | null): Promise<Buffer> {
  if (!range) throw new Error(`${url} without EXT-X-BYTERANGE`)
  const answer = await fetch(url, { headers: { range: `bytes=${range.start}-${range.end - 1}` } })
  if (answer.status !== 206) throw new Error(`${url} answered ${answer.status}`)
  return Buffer.from(await answer.arrayBuffer())
}

/** How many pictures there are, and the size and type of the first. */
async function decode(bytes: Buffer, dir: string): Promise<string> {
  const file = join(dir, 'picture.mp4')
  await writeFile(file, bytes)
  const args = ['-v', 'error', '-of', 'json', '-show_entries', 'frame=width,height,pict_type', file]
  const { stdout } = await run('ffprobe', args)
  const { frames } = JSON.parse(stdout) as { frames: { width: number; height: number; pict_type: string }[] }
  const [first] = frames
  return `${frames.length} ${first?.width}x${first?.height} ${first?.pict_type}`
}
