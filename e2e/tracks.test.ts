import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findChromium, until, useSystem } from '@kinora/dev/harness'
import { chromium, type Page } from 'playwright-core'
import { afterAll, expect, test, vi } from 'vitest'
import { register } from './support/accounts.ts'
import { createClient } from './support/client.ts'
import { useClips } from './support/clips.ts'
import { GENEROUS } from './support/settings.ts'
import { untilStatus, untilVideo, upload } from './support/videos.ts'

// A browser on a machine that may be busy with other test files.
vi.setConfig({ testTimeout: 300_000 })

const clips = useClips()
const system = await useSystem({ env: GENEROUS })
const executablePath = await findChromium((line) => void process.stderr.write(`${line}\n`))
const browser = await chromium.launch({ executablePath, args: ['--autoplay-policy=no-user-gesture-required'] })
afterAll(() => browser.close())
const { client } = await register(createClient(system.gatewayUrl))

/** Fourteen seconds with audio in German, English and as audio description, and with subtitles in German and English. */
async function manyTracks(): Promise<string> {
  const path = join(clips.dir, 'tracks.mkv')
  const srt = (text: string) => `1\n00:00:01,000 --> 00:00:13,000\n${text}\n`
  const texts = [await clips.write('de.srt', srt('Guten Tag')), await clips.write('en.srt', srt('Good day'))]
  const sine = [300, 500, 700].flatMap((hertz) => ['-f', 'lavfi', '-i', `sine=${hertz}:d=14:r=48000`])
  const languages = (type: string, ...all: string[]) =>
    all.flatMap((language, at) => [`-metadata:s:${type}:${at}`, `language=${language}`])
  await promisify(execFile)('ffmpeg', [
    ...['-nostdin', '-y', '-loglevel', 'error', '-f', 'lavfi', '-i', 'testsrc2=s=426x240:r=25:d=14', ...sine],
    ...texts.flatMap((text) => ['-i', text]),
    ...[0, 1, 2, 3, 4, 5].flatMap((input) => ['-map', String(input)]),
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-c:s', 'subrip'],
    // The first is 5.1.
    ...['-filter:a:0', 'pan=5.1|c0=c0|c1=c0|c2=c0|c3=c0|c4=c0|c5=c0'],
    ...[...languages('a', 'ger', 'eng', 'eng'), ...languages('s', 'ger', 'eng')],
    ...['-disposition:a:2', 'visual_impaired', path],
  ])
  return path
}

/** What the page's script keeps of the player, see `play`. */
interface Playing {
  errors: string[]
  audio: string[]
  texts: string[]
}

/** Plays a video with hls.js, as the player page has it, in a page whose scripts can be asked. */
async function play(tab: Page, hlsUrl: string): Promise<Playing> {
  return await tab.evaluate(`(async () => {
    const script = document.querySelector('script[type=module]').src
    const { default: Hls } = await import(new URL('hls.js', script).href)
    document.body.replaceChildren(document.createElement('video'))
    const video = document.querySelector('video')
    const hls = new Hls({ enableWorker: false })
    window.playing = { hls, video, errors: [], switched: [] }
    hls.on('hlsError', (_, { details }) => window.playing.errors.push(details))
    hls.on('hlsAudioTrackSwitched', (_, { id }) => window.playing.switched.push(id))
    hls.loadSource(${JSON.stringify(hlsUrl)})
    hls.attachMedia(video)
    await new Promise((resolve) => hls.on('hlsManifestParsed', resolve))
    await video.play()
    const name = ({ name, lang }) => name + ' ' + lang
    return { errors: [], audio: hls.audioTracks.map(name), texts: hls.subtitleTracks.map(name) }
  })()`)
}

async function untilTrue(tab: Page, expression: string): Promise<void> {
  await tab.waitForFunction(
    `(() => { const { hls, video, errors, switched } = window.playing; return ${expression} })()`,
    {
      timeout: 60_000,
    },
  )
}

test('a film with three audio tracks and two subtitles is played in Chromium, switching both', async () => {
  const { id } = await upload(client, await manyTracks(), { visibility: 'public' })
  const ready = await untilStatus(client, id, 'ready')
  expect(ready.audioTracks).toMatchObject([
    { id: '1', language: 'de', name: 'Deutsch', default: true, audioDescription: false, status: 'ready' },
    { id: '2', language: 'en', name: 'English', default: false, status: 'ready' },
    { id: '3', language: 'en', name: 'English (audio description)', audioDescription: true, status: 'ready' },
  ])
  expect(ready.warnings).toEqual([])

  const dubbed = await readFile(await clips.make('normal.mp4'))
  const added = await client.send('PUT', `/v1/videos/${id}/audio/9?language=fr`, {
    body: dubbed,
    headers: { 'content-type': 'audio/mp4' },
  })
  expect(added.status).toBe(202)
  await untilVideo(client, id, ({ audioTracks }) => audioTracks[3]?.status === 'ready')
  await client.call('PATCH', `/v1/videos/${id}/audio/9`, { position: 2, name: 'Dub' })
  await until(async () =>
    /Deutsch.*\n.*NAME="Dub",LANGUAGE="fr"/.test(await (await fetch(ready.playback?.hlsUrl ?? '')).text()),
  )

  const tab = await browser.newPage({ bypassCSP: true })
  await tab.goto(`${system.gatewayUrl}/watch/${id}`)
  const playing = await play(tab, ready.playback?.hlsUrl ?? '')
  expect(playing.audio).toEqual(['Deutsch de', 'Dub fr', 'English en', 'English (audio description) en'])
  expect(playing.texts).toEqual(['Deutsch de', 'English en'])
  await untilTrue(tab, 'video.currentTime > 1')
  await tab.evaluate('window.playing.hls.audioTrack = 1; window.playing.hls.subtitleTrack = 1')
  await untilTrue(tab, 'switched.includes(1) && video.currentTime > 3')
  const shown = `[...video.textTracks].some(({ mode, activeCues }) => mode !== 'disabled' && activeCues?.[0]?.text === `
  await untilTrue(tab, `${shown}'Good day')`)
  await tab.evaluate('window.playing.hls.audioTrack = 3; window.playing.hls.subtitleTrack = 0')
  await untilTrue(tab, `switched.includes(3) && ${shown}'Guten Tag')`)
  await untilTrue(tab, 'video.ended || video.currentTime > 13')
  expect(await tab.evaluate('window.playing.errors')).toEqual([])
})

test('audio alone in two languages plays on the page with its cover, and switches', async () => {
  const path = join(clips.dir, 'radio.mka')
  const inputs = [300, 500].flatMap((hertz) => ['-f', 'lavfi', '-i', `sine=${hertz}:d=14:r=48000`])
  const languages = ['-metadata:s:a:0', 'language=ger', '-metadata:s:a:1', 'language=eng']
  await promisify(execFile)('ffmpeg', [
    '-nostdin',
    '-y',
    '-loglevel',
    'error',
    ...inputs,
    '-map',
    '0',
    '-map',
    '1',
    ...languages,
    path,
  ])
  const { id } = await upload(client, path, { visibility: 'public' })
  const { kind, playback, warnings } = await untilVideo(
    client,
    id,
    ({ status }) => status === 'ready' || status === 'failed',
  )
  expect({ kind, warnings }).toEqual({ kind: 'audio', warnings: [] })

  const tab = await browser.newPage({ bypassCSP: true })
  await tab.goto(`${system.gatewayUrl}/watch/${id}`)
  await tab.waitForFunction('document.querySelector("video")?.poster.includes("/poster.jpg")', { timeout: 60_000 })
  await tab.evaluate('document.querySelector("video").play()')
  await tab.waitForFunction('document.querySelector("video").currentTime > 0.5', { timeout: 60_000 })

  expect((await play(tab, playback?.hlsUrl ?? '')).audio).toEqual(['Deutsch de', 'English en'])
  await untilTrue(tab, 'video.currentTime > 1')
  await tab.evaluate('window.playing.hls.audioTrack = 1')
  await untilTrue(tab, 'switched.includes(1) && video.currentTime > 3')
  await tab.evaluate('window.playing.video.currentTime = 10; window.playing.hls.audioTrack = 0')
  await untilTrue(tab, 'switched.includes(0) && (video.ended || video.currentTime > 13)')
  expect(await tab.evaluate('window.playing.errors')).toEqual([])
})
