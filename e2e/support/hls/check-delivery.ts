import { unless } from './check-playback.ts'

export type DeliveredUrls = { master: string; playlist: string; segment: string }

/** How playlists and segments come over HTTP: types, caching, conditional and range requests, compression. */
export async function checkDelivery({ master, playlist, segment }: DeliveredUrls): Promise<string[]> {
  return [
    ...(await checkPlaylist('master playlist', master)),
    ...(await checkPlaylist('media playlist', playlist)),
    ...(await checkSegment(segment)),
    ...(await checkRanges(segment)),
  ]
}

async function checkPlaylist(what: string, url: string): Promise<string[]> {
  const answer = await get(url, { 'accept-encoding': 'gzip' })
  const plain = await get(url, { 'accept-encoding': 'identity' })
  const again = await get(url, { 'accept-encoding': 'gzip', 'if-none-match': header(answer, 'etag') })
  const zipped = header(answer, 'content-encoding') === 'gzip'
  return [
    ...unless(header(answer, 'content-type') === 'application/vnd.apple.mpegurl', `${what}: wrong content type`),
    ...unless(header(answer, 'cache-control') !== '', `${what}: no Cache-Control`),
    ...unless(/accept-encoding/i.test(header(answer, 'vary')), `${what}: does not vary by encoding`),
    // A few hundred bytes gain nothing from compression.
    ...unless(zipped || plain.body.length < 1400, `${what}: ${plain.body.length} bytes come uncompressed`),
    ...unless(header(plain, 'content-encoding') === '', `${what}: compressed though nobody asked for it`),
    ...unless(answer.body.equals(plain.body), `${what}: compressed and plain text differ`),
    ...unless(!zipped || header(answer, 'etag') !== header(plain, 'etag'), `${what}: one ETag for two encodings`),
    ...unless(again.status === 304 && again.body.length === 0, `${what}: ${again.status} instead of 304`),
  ]
}

async function checkSegment(url: string): Promise<string[]> {
  const answer = await get(url, {})
  const again = await get(url, { 'if-none-match': header(answer, 'etag') })
  const caching = header(answer, 'cache-control')
  return [
    ...unless(header(answer, 'content-type') === 'video/mp4', 'segment: wrong content type'),
    ...unless(isLong(caching), `segment: Cache-Control is ${caching}`),
    ...unless(header(answer, 'accept-ranges') === 'bytes', 'segment: does not offer ranges'),
    ...unless(header(answer, 'content-encoding') === '', 'segment: compressed'),
    ...unless(again.status === 304, `segment: ${again.status} instead of 304`),
    ...unless(header(answer, 'access-control-allow-origin') === '*', 'segment: no page may play it'),
  ]
}

/** RFC 9110 section 14. */
async function checkRanges(url: string): Promise<string[]> {
  const whole = await get(url, {})
  const size = whole.body.length
  const [first, last, open, past] = [
    await get(url, { range: 'bytes=0-99' }),
    await get(url, { range: 'bytes=-100' }),
    await get(url, { range: `bytes=${size - 10}-` }),
    await get(url, { range: `bytes=${size}-` }),
  ]
  const stale = await get(url, { range: 'bytes=0-99', 'if-range': '"another"' })
  const isPart = (part: Delivered, from: number, to: number) =>
    part.status === 206 &&
    header(part, 'content-range') === `bytes ${from}-${to - 1}/${size}` &&
    part.body.equals(whole.body.subarray(from, to))
  return [
    ...unless(isPart(first, 0, 100), 'range: the first hundred bytes are wrong'),
    ...unless(isPart(last, size - 100, size), 'range: the last hundred bytes are wrong'),
    ...unless(isPart(open, size - 10, size), 'range: an open end is wrong'),
    ...unless(past.status === 416, `range: behind the end is ${past.status} instead of 416`),
    ...unless(header(past, 'content-range') === `bytes */${size}`, 'range: 416 does not tell the size'),
    ...unless(stale.status === 200 && stale.body.length === size, 'range: If-Range with another tag gives a part'),
  ]
}

type Delivered = { status: number; headers: Headers; body: Buffer }

async function get(url: string, headers: Record<string, string>): Promise<Delivered> {
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(30_000) })
  return { status: answer.status, headers: answer.headers, body: Buffer.from(await answer.arrayBuffer()) }
}

function header({ headers }: Delivered, name: string): string {
  return headers.get(name) ?? ''
}

/** Every cache may keep a file until its address expires. */
function isLong(caching: string): boolean {
  return /^public, max-age=\d{3,}, immutable$/.test(caching)
}
