import { cp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { expect, it, vi } from 'vitest'
import { AAC, createClip, H264, testVideo, tone } from './support/clips.ts'
import { type Transcoded, transcode } from './support/transcode.ts'
import { openWorkbench } from './support/workbench.ts'

// Real encodes, on a machine that may be busy with other test files.
vi.setConfig({ testTimeout: 120_000 })

const workbench = await openWorkbench()
const source = await createClip(workbench.folder, 'plain.mp4', ...testVideo(4), ...tone(4), ...H264, ...AAC)

const whole = await transcode(workbench, source, { chunks: 2 })
let copies = 0

/** A copy that a test may damage. */
async function fresh(): Promise<Transcoded> {
  copies += 1
  const playlistKey = `copies/${copies}`
  await cp(workbench.pathOf(whole.playlistKey), workbench.pathOf(playlistKey), { recursive: true })
  return { ...whole, playlistKey }
}

const path = ({ playlistKey }: Transcoded, name: string) => workbench.pathOf(`${playlistKey}/${name}`)

async function edit(video: Transcoded, name: string, change: (text: string) => string): Promise<void> {
  const before = await readFile(path(video, name), 'utf8')
  const after = change(before)
  expect(after).not.toBe(before)
  await writeFile(path(video, name), after)
}

/** The detail that the owner reads after the finished video is checked again. */
async function verdict({ facts, playlistKey }: Transcoded): Promise<string> {
  const { frameRate, frameCount } = facts.video
  const work = { kind: 'finalise', playlistKey, frameRate, frameCount, hasAudio: true } as const
  return await workbench.run(work).then(
    ({ bytes }) => `${bytes > 0}`,
    (error) => `${error.taskCause.class} ${error.taskCause.code} ${error.taskCause.detail}`,
  )
}

it('accepts a right video', async () => {
  expect(await verdict(await fresh())).toBe('true')
})

it.each<[string, (video: Transcoded) => Promise<void>, RegExp]>([
  ['a missing segment', (video) => rm(path(video, 'chunk-2/90p/3.m4s')), /rule HLS-04: .*can be fetched/],
  ['a segment that was cut off', (video) => truncate(path(video, 'chunk-2/144p/2.m4s'), 3000), /rule HLS-10: .*whole/],
  [
    'a rendition without its end',
    (video) => edit(video, '90p.m3u8', (text) => text.replace(/#EXTINF:[^#]*3\.m4s\n/, '')),
    /rule HLS-18|rule HLS-19/,
  ],
  [
    'a key frame at another place',
    (video) => edit(video, '90p-iframes.m3u8', (text) => text.replace(/BYTERANGE:\d+@/, 'BYTERANGE:9@')),
    /rule HLS-21: .*each key frame/,
  ],
  [
    'key frames that are missing',
    (video) =>
      edit(video, '144p-iframes.m3u8', (text) => text.replace(/#EXTINF:[^#]*#EXT-X-BYTERANGE:.*\n.*3\.m4s\n/, '')),
    /rule HLS-21/,
  ],
  [
    'a key frame that is shown for too long',
    (video) => edit(video, '90p-iframes.m3u8', (text) => text.replace('1.000000', '1.040000')),
    /rule HLS-21: .*time until the next/,
  ],
  [
    'key frames that need more than is declared',
    (video) => edit(video, 'master.m3u8', (text) => text.replace('BANDWIDTH=80000000', 'BANDWIDTH=800')),
    /rule HLS-12/,
  ],
  [
    'I-frame playlists of some renditions only',
    (video) => edit(video, 'master.m3u8', (text) => text.replace(/#EXT-X-I-FRAME-STREAM-INF:.*\n/, '')),
    /rule HLS-21/,
  ],
  [
    'audio by itself with too little bandwidth',
    (video) => edit(video, 'master.m3u8', (text) => text.replace('BANDWIDTH=70000000', 'BANDWIDTH=7')),
    /rule HLS-12/,
  ],
  [
    'captions that are not there',
    (video) =>
      edit(video, 'master.m3u8', (text) =>
        text.replace(
          'VERSION:7\n',
          'VERSION:7\n#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="c",NAME="c",URI="captions.m3u8"\n',
        ),
      ),
    /rule HLS-04/,
  ],
  [
    'an address that leaves the folder of the video',
    (video) => edit(video, '90p.m3u8', (text) => text.replace('chunk-0/90p/0.m4s', '../../../etc/passwd')),
    /rule HLS-04/,
  ],
  [
    'a master playlist that is not a playlist',
    (video) => writeFile(path(video, 'master.m3u8'), 'gone'),
    /master playlist/,
  ],
])('refuses %s, and says which rule was broken', async (_, damage, rule) => {
  const video = await fresh()
  await damage(video)
  const detail = await verdict(video)
  expect(detail).toMatch(/^host VERIFICATION_FAILED/)
  expect(detail).toMatch(rule)
})
