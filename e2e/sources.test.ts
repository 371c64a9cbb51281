import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { useSystem } from '@kinora/dev/harness'
import { expect, test } from 'vitest'
import { register } from './support/accounts.ts'
import { createClient } from './support/client.ts'
import { type ClipName, useClips } from './support/clips.ts'
import { checkPlayback, type Expected } from './support/hls/check-playback.ts'
import { GENEROUS } from './support/settings.ts'
import { timelineOf, untilEnded, untilStatus, upload } from './support/videos.ts'

const clips = useClips()
const system = await useSystem({ env: GENEROUS })
const { client } = await register(createClient(system.gatewayUrl))

const small = [{ name: '240p', width: 320, height: 240 }]

const playable: { what: string; clip: ClipName; expected: Expected }[] = [
  {
    what: 'a video of variable frame rate',
    clip: 'variable-rate.mp4',
    expected: { renditions: small, frames: 239, framesTolerance: 1, frameRate: 30, audioChannels: 2 },
  },
  {
    what: 'VP8 in WebM, smaller than the smallest rendition',
    clip: 'vp8.webm',
    expected: {
      renditions: [{ name: '120p', width: 160, height: 120 }],
      frames: 175,
      frameRate: 25,
      audioChannels: 2,
    },
  },
  {
    what: 'a phone held upright',
    clip: 'portrait.mp4',
    expected: {
      renditions: [
        { name: '240p', width: 240, height: 426 },
        { name: '360p', width: 360, height: 640 },
      ],
      frames: 175,
      frameRate: 25,
      audioChannels: 2,
    },
  },
  {
    what: 'interlaced MPEG-2 in a transport stream',
    clip: 'interlaced.ts',
    expected: {
      renditions: [
        { name: '240p', width: 300, height: 240 },
        { name: '360p', width: 450, height: 360 },
        { name: '576p', width: 720, height: 576 },
      ],
      frames: 175,
      frameRate: 25,
      audioChannels: 2,
    },
  },
]

for (const { what, clip, expected } of playable) {
  test(`becomes right HLS: ${what}`, async () => {
    const { id } = await upload(client, await clips.make(clip))
    const { playback } = await untilStatus(client, id, 'ready')
    expect(await checkPlayback(playback?.hlsUrl ?? '', expected)).toEqual([])
  })
}

test('a source that fits is its own largest rendition, picture by picture', async () => {
  const source = await clips.make('fitting.mp4')
  const { id } = await upload(client, source)
  const { playback } = await untilStatus(client, id, 'ready')
  const expected: Expected = {
    renditions: [...small, { name: '360p', width: 480, height: 360 }],
    ...{ frames: 200, frameRate: 25, audioChannels: 2 },
  }
  expect(await checkPlayback(playback?.hlsUrl ?? '', expected)).toEqual([])
  const labels = (await timelineOf(client, id)).map(({ label }) => label)
  expect(labels).toContain('video 0-8 s 360p copied')
  const copy = new URL('360p.m3u8', playback?.hlsUrl).href
  expect(await hashesOf(copy)).toEqual(await hashesOf(source))
})

/** Of each picture, as it is decoded. */
async function hashesOf(address: string): Promise<string[] | null> {
  const args = ['-v', 'error', '-i', address, '-map', '0:v:0', '-f', 'framehash', '-hash', 'md5', '-']
  const { stdout } = await promisify(execFile)('ffmpeg', args)
  return stdout.match(/[0-9a-f]{32}$/gm)
}

const unusable: { what: string; file: () => Promise<string>; code: string; detail: RegExp }[] = [
  {
    what: 'a text that is called .mp4',
    file: () => clips.write('text.mp4', 'This is no video.\n'.repeat(100)),
    code: 'SOURCE_CORRUPT',
    detail: /damaged|not a video/,
  },
  {
    what: 'an ffconcat script that is called .mp4 and names a file of ours',
    file: async () => clips.write('script.mp4', `ffconcat version 1.0\nfile '${await clips.make('silent.mp4')}'\n`),
    code: 'SOURCE_',
    detail: /damaged|not a video|not supported/,
  },
  {
    what: 'an HLS playlist that is called .mp4 and names a file of ours',
    file: async () =>
      clips.write(
        'playlist.mp4',
        `#EXTM3U\n#EXT-X-TARGETDURATION:8\n#EXTINF:8,\nfile://${await clips.make('silent.mp4')}\n#EXT-X-ENDLIST\n`,
      ),
    code: 'SOURCE_',
    detail: /damaged|not a video|not supported/,
  },
  {
    what: 'a picture of 36 million pixels',
    file: () => clips.make('pixel-bomb.mp4'),
    code: 'SOURCE_OVER_LIMIT',
    detail: /larger/,
  },
  {
    what: 'a file whose end is missing',
    file: () => clips.make('truncated.mp4'),
    code: 'SOURCE_CORRUPT',
    detail: /unfinished recording/,
  },
]

for (const { what, file, code, detail } of unusable) {
  test(`ends as failed, with a reason that its owner understands: ${what}`, async () => {
    const { id } = await upload(client, await file())
    const video = await untilStatus(client, id, 'failed')
    expect(video.error?.code).toContain(code)
    expect(video.error?.detail).toMatch(detail)
    expect(video.error?.detail).not.toContain('/')
    expect(video).toMatchObject({ playable: false, playback: null })
  })
}

test('a file of which half is missing ends with what is there, or with a reason', async () => {
  const { id } = await upload(client, await clips.make('half-missing.mp4'))
  const video = await untilEnded(client, id)
  if (video.status === 'failed') expect(video.error).toMatchObject({ code: 'SOURCE_CORRUPT' })
  else {
    const expected = { renditions: small, frames: 88, framesTolerance: 2, frameRate: 25, audioChannels: null }
    expect(await checkPlayback(video.playback?.hlsUrl ?? '', expected)).toEqual([])
  }
})

test('after all of these the worker is as it was, and does the next clip', async () => {
  const { id } = await upload(client, await clips.make('silent.mp4'))
  await untilStatus(client, id, 'ready')
})
