import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { until, useSystem } from '@kinora/dev/harness'
import { expect, test } from 'vitest'
import { register } from './support/accounts.ts'
import type { Passport, Video } from './support/api-types.ts'
import { createClient } from './support/client.ts'
import { useClips } from './support/clips.ts'
import { checkDelivery } from './support/hls/check-delivery.ts'
import { checkIFrames } from './support/hls/check-iframes.ts'
import { checkPlayback } from './support/hls/check-playback.ts'
import { download } from './support/hls/download.ts'
import { parseMaster, parseMediaPlaylist } from './support/hls/playlist.ts'
import { GENEROUS } from './support/settings.ts'
import { untilStatus, upload } from './support/videos.ts'

const clips = useClips()
const system = await useSystem({ env: GENEROUS })
const anonymous = createClient(system.gatewayUrl)
const { client } = await register(anonymous)
const clip = await clips.make('normal.mp4')
const uploaded = await upload(client, clip, { title: 'From upload to playback' })
const captionsOf = `/v1/videos/${uploaded.id}/captions`
await client.send('PUT', `${captionsOf}/de?label=Deutsch`, {
  body: '1\n00:00:01,000 --> 00:00:02,500\n<i>Guten Tag</i> & <script>\n',
  headers: { 'content-type': 'application/x-subrip' },
})
const ready = await untilStatus(client, uploaded.id, 'ready')

test('the answer to an upload is the video, with its file as it arrived', () => {
  expect(uploaded).toMatchObject({
    status: 'uploaded',
    source: { filename: 'normal.mp4', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
  })
})

test('a ready video has the fields that the API promises, and no others', () => {
  const shape: Record<keyof Video, unknown> = {
    id: uploaded.id,
    ownerId: expect.any(String),
    projectId: expect.any(String),
    externalId: null,
    metadata: {},
    revision: expect.any(Number),
    expiresAt: null,
    sourceExpiresAt: null,
    replacement: null,
    kind: 'video',
    title: 'From upload to playback',
    description: '',
    tags: [],
    visibility: 'private',
    status: 'ready',
    playable: true,
    progress: { percent: 100, stage: 'done', etaSeconds: 0 },
    source: {
      filename: 'normal.mp4',
      bytes: expect.any(Number),
      sha256: expect.any(String),
      container: expect.any(String),
      durationSeconds: expect.closeTo(20, 1),
      width: 640,
      height: 360,
      frameRate: 24,
      videoCodec: 'h264',
      audioCodec: 'aac',
      removedAt: null,
    },
    renditions: [
      { name: '240p', width: 426, height: 240, bitrate: expect.any(Number), status: 'ready' },
      { name: '360p', width: 640, height: 360, bitrate: expect.any(Number), status: 'ready' },
    ],
    audioTracks: [
      {
        ...{ id: '1', language: null, name: 'Audio', default: true },
        ...{ channels: 1, audioDescription: false, hidden: false, added: false, status: 'ready' },
      },
    ],
    warnings: [],
    instantPlayback: false,
    allowedDomains: null,
    playback: {
      ...{ hlsUrl: expect.any(String), posterUrl: expect.any(String), storyboardUrl: expect.any(String) },
      waveformUrl: null,
    },
    error: null,
    createdAt: expect.any(String),
    updatedAt: expect.any(String),
    readyAt: expect.any(String),
  }
  expect(ready).toStrictEqual(shape)
})

test('a clip comes out as right HLS, segment by segment', async () => {
  const problems = await checkPlayback(hlsUrl(ready), {
    renditions: [
      { name: '240p', width: 426, height: 240 },
      { name: '360p', width: 640, height: 360 },
    ],
    frames: 480,
    frameRate: 24,
    audioChannels: 2,
  })
  expect(problems).toEqual([])
})

test('a key frame that players search by is decoded from its bytes alone', async () => {
  expect(await checkIFrames(await download(hlsUrl(ready)))).toEqual([])
})

test('playlists and segments are delivered as caches and players need them', async () => {
  const presentation = await download(hlsUrl(ready))
  const [playlist, segment] = [presentation.video[0]?.url ?? '', presentation.video[0]?.segmentUrls[0] ?? '']
  expect(await checkDelivery({ master: presentation.url, playlist, segment })).toEqual([])
})

test('the poster is a picture, in the formats and widths that are offered', async () => {
  const posterUrl = ready.playback?.posterUrl ?? ''
  const jpeg = await fetch(posterUrl)
  expect([jpeg.status, jpeg.headers.get('content-type')]).toEqual([200, 'image/jpeg'])
  expect(Buffer.from(await jpeg.arrayBuffer()).subarray(0, 3)).toEqual(Buffer.from([0xff, 0xd8, 0xff]))
  const webp = await fetch(posterUrl.replace('.jpg', '.webp?width=320'))
  expect([webp.status, webp.headers.get('content-type')]).toEqual([200, 'image/webp'])
  const odd = await fetch(posterUrl.replace('.jpg', '.webp?width=321'))
  expect(odd.status).toBe(400)
})

test('the storyboard leads to a small picture for every two seconds', async () => {
  const storyboardUrl = ready.playback?.storyboardUrl ?? ''
  const vtt = await (await fetch(storyboardUrl)).text()
  const cues = vtt.split('\n\n').slice(1)
  expect(vtt.startsWith('WEBVTT\n\n00:00:00.000 --> 00:00:02.000\n')).toBe(true)
  expect(cues).toHaveLength(10)
  const [, sprite = ''] = cues.at(-1)?.split('\n') ?? []
  expect(sprite).toMatch(/#xywh=1280,180,320,180$/)
  const picture = await fetch(new URL(sprite, storyboardUrl))
  expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/jpeg'])
  const thumbnail = await fetch(storyboardUrl.replace('storyboard.vtt', 'thumbnail.webp?time=7&width=160'))
  expect([thumbnail.status, thumbnail.headers.get('content-type')]).toEqual([200, 'image/webp'])
})

test('captions play from the master playlist, and by their language', async () => {
  const master = parseMaster(await (await fetch(hlsUrl(ready))).text())
  const subtitles = master.media.filter(({ TYPE }) => TYPE === 'SUBTITLES')
  expect(subtitles).toMatchObject([{ NAME: 'Deutsch', LANGUAGE: 'de' }])
  const groups = master.variants.map(({ attributes }) => attributes.SUBTITLES)
  expect(groups).toEqual(master.variants.map(() => subtitles[0]?.['GROUP-ID']))
  const playlistUrl = new URL(subtitles[0]?.URI ?? '', hlsUrl(ready))
  const playlist = parseMediaPlaylist(await (await fetch(playlistUrl)).text())
  expect(playlist).toMatchObject({ ended: true, playlistType: 'VOD', targetDuration: 20 })
  const answers = await Promise.all([
    fetch(new URL(playlist.segments[0]?.uri ?? '', playlistUrl)),
    fetch(new URL('captions/de.vtt', hlsUrl(ready))),
  ])
  for (const answer of answers) {
    expect(answer.headers.get('content-type')).toBe('text/vtt; charset=utf-8')
    expect(await answer.text()).toContain('00:00:01.000 --> 00:00:02.500\n<i>Guten Tag</i> &amp; &lt;script&gt;\n')
  }
})

test('its source comes back byte for byte, to those who may edit it', async () => {
  const address = `${system.gatewayUrl}/v1/videos/${ready.id}/source`
  const answer = await fetch(address, { headers: client.headers })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-disposition')).toContain('filename="normal.mp4"')
  const bytes = Buffer.from(await answer.arrayBuffer())
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(ready.source?.sha256)
  const part = await fetch(address, { headers: { ...client.headers, range: 'bytes=4-7' } })
  expect([part.status, await part.text()]).toEqual([206, 'ftyp'])
  expect((await fetch(address)).status).toBe(401)
})

test('its passport, for its owner, has the hash of every file that a player fetches', async () => {
  const address = `/v1/videos/${ready.id}/passport`
  const passport = await client.call<Passport>('GET', address)
  expect(passport.source.sha256).toBe(ready.source?.sha256)
  expect(passport.verdicts.filter(({ verdict }) => verdict === 'broken')).toEqual([])
  const segments = passport.files.filter(({ name }) => name.endsWith('.m4s'))
  for (const { name, bytes, sha256 } of [segments[0], segments.at(-1)].filter((file) => file !== undefined)) {
    const fetched = Buffer.from(await (await fetch(new URL(name, hlsUrl(ready)))).arrayBuffer())
    expect([fetched.length, createHash('sha256').update(fetched).digest('hex')]).toEqual([bytes, sha256])
  }
})

test('a link with a height limit leads to no larger picture', async () => {
  const token = await client.call<{ hlsUrl: string }>('POST', `/v1/videos/${ready.id}/playback-tokens`, {
    maxHeight: 240,
  })
  const small = await download(token.hlsUrl)
  expect(small.video.map(({ name }) => name)).toEqual(['240p'])
  expect((await fetch(new URL('360p.m3u8', token.hlsUrl))).status).toBe(403)
  const whole = parseMaster(await (await fetch(hlsUrl(ready))).text())
  expect(whole.variants.map(({ uri }) => uri)).toEqual(['240p.m3u8', '360p.m3u8', 'audio.m3u8'])
})

test('the owner downloads a rendition as one file with its sound', async () => {
  const url = new URL('download/240.mp4', hlsUrl(ready))
  const answer = await until(async () => {
    const answer = await fetch(url)
    if (answer.status === 202) await answer.arrayBuffer()
    return answer.status !== 202 && answer
  })
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'video/mp4'])
  expect(answer.headers.get('content-disposition')).toContain('filename="From upload to playback 240p.mp4"')
  const bytes = Buffer.from(await answer.arrayBuffer())
  expect(bytes.subarray(4, 8).toString()).toBe('ftyp')
  expect(bytes.indexOf('moov')).toBeLessThan(bytes.indexOf('mdat'))
})

test('a frame of it is a picture, made by one task for all who ask', async () => {
  const url = new URL('frame.jpg?time=7.51&width=320', hlsUrl(ready))
  const fetched = async () => {
    const answer = await fetch(url)
    if (answer.status === 503) await answer.arrayBuffer()
    return answer.status !== 503 && answer
  }
  const answers = await Promise.all([until(fetched), until(fetched), until(fetched)])
  const pictures = await Promise.all(
    answers.map(async (answer) => Buffer.from(await answer.arrayBuffer()).toString('hex')),
  )
  expect(answers.map(({ status, headers }) => [status, headers.get('content-type')])).toEqual(
    Array(3).fill([200, 'image/jpeg']),
  )
  expect(new Set(pictures).size).toBe(1)
  expect(pictures[0]?.startsWith('ffd8ff')).toBe(true)
  const again = await fetch(url, { headers: { 'if-none-match': answers[0]?.headers.get('etag') ?? '' } })
  expect(again.status).toBe(304)
  const after = await fetch(new URL('frame.jpg?time=20', hlsUrl(ready)))
  expect([after.status, await after.json()]).toMatchObject([404, { code: 'FRAME_NOT_FOUND' }])
})

test('an upload that browsers play is watched before it is processed', async () => {
  const quick = await clips.make('quick.mp4')
  const { id, playable, playback } = await upload(client, quick)
  expect(playable).toBe(false)
  const answer = await fetch(playback?.sourceUrl ?? '', { headers: { range: 'bytes=0-' } })
  expect(answer.status).toBe(206)
  expect(Buffer.from(await answer.arrayBuffer())).toEqual(await readFile(quick))
  expect((await untilStatus(client, id, 'ready')).playback?.sourceUrl).toBeUndefined()
})

test('the list of videos finds it by words, status and tag, and turns pages by cursor', async () => {
  const titled = await client.call<Video>('POST', '/v1/videos', { title: 'Walrus at noon', tags: ['sea'] })
  const list = (query: string) =>
    client.call<{ items: Video[]; nextCursor: string | null }>('GET', `/v1/videos${query}`)
  const idsOf = async (query: string) => (await list(query)).items.map(({ id }) => id)
  expect(await idsOf('?q=walrus')).toEqual([titled.id])
  expect(await idsOf('?tag=sea')).toEqual([titled.id])
  expect(await idsOf('?status=awaiting_upload')).toEqual([titled.id])
  const all = await idsOf('')
  const first = await list('?limit=1')
  const rest = await list(`?limit=2&cursor=${encodeURIComponent(first.nextCursor ?? '')}`)
  expect([...first.items, ...rest.items].map(({ id }) => id)).toEqual(all)
  expect(rest.nextCursor).toBeNull()
})

test('a part of a video becomes a video of its own', async () => {
  const clip = await client.call<Video>('POST', `/v1/videos/${ready.id}/clips`, { start: 3, end: 6.5, title: 'Part' })
  expect(clip).toMatchObject({ title: 'Part', visibility: 'private', status: 'uploaded' })
  const done = await untilStatus(client, clip.id, 'ready')
  expect(done.source).toMatchObject({ durationSeconds: 3.5, sha256: ready.source?.sha256 })
  const renditions = [
    { name: '240p', width: 426, height: 240 },
    { name: '360p', width: 640, height: 360 },
  ]
  expect(await checkPlayback(hlsUrl(done), { renditions, frames: 84, frameRate: 24, audioChannels: 2 })).toEqual([])
})

function hlsUrl({ playback }: Video): string {
  if (!playback) throw new Error('The video has no playback address')
  return playback.hlsUrl
}
