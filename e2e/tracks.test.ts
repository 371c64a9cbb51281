import { execFile } from 'node:child_process'
import { chmod, readFile } from 'node:fs/promises'
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
/** An engine for automatic captions that says in which language it was asked, in JSON like that of whisper.cpp. */
const engine = await clips.write(
  'engine.pl',
  `#!/usr/bin/perl
my ($audio, $output, $language) = @ARGV;
open my $file, ">", "$output.json";
print $file qq({"transcription":[{"offsets":{"from":500,"to":1500},"text":"asked in $language"}]});
`,
)
await chmod(engine, 0o755)
const transcribe = { TRANSCRIBE: 'true', TRANSCRIBE_COMMAND: `${engine} {audio} {output} {language}` }
const system = await useSystem({ env: { ...GENEROUS, ...transcribe } })
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

test('a video without captions in its language gets automatic ones, which its owner replaces', async () => {
  const path = join(clips.dir, 'spoken.mkv')
  const inputs = ['-f', 'lavfi', '-i', 'testsrc2=s=320x240:r=25:d=2', '-f', 'lavfi', '-i', 'sine=300:d=2:r=48000']
  const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac', '-metadata:s:a', 'language=fra']
  await promisify(execFile)('ffmpeg', ['-nostdin', '-y', '-loglevel', 'error', ...inputs, ...codecs, path])
  const { id } = await upload(client, path, { visibility: 'public' })
  const captions = async () => (await client.call<{ items: object[] }>('GET', `/v1/videos/${id}/captions`)).items
  const look = async () => {
    const items = await captions()
    return items.length > 0 && items
  }
  const [automatic] = await until(look, { timeoutMs: 60_000, every: 200 })
  expect(automatic).toMatchObject({ lang: 'fr', label: 'français (automatic)', cues: 1, automatic: true })
  const url = `${system.gatewayUrl}/play/${id}/captions/fr.vtt`
  expect(await (await fetch(url)).text()).toContain('00:00:00.500 --> 00:00:01.500\nasked in fr\n')
  expect((await untilStatus(client, id, 'ready')).warnings).toEqual([])

  await client.send('PUT', `/v1/videos/${id}/captions/fr`, {
    body: 'WEBVTT\n\n00:00.000 --> 00:01.000\nby a person\n',
    headers: { 'content-type': 'text/vtt' },
  })
  expect(await captions()).toMatchObject([{ lang: 'fr', cues: 1, automatic: false }])
  expect(await (await fetch(url)).text()).toContain('by a person')
})

/** Twelve seconds with a key frame at each change of scene, of which the largest rendition is the source itself. */
async function scenes(): Promise<string> {
  const path = join(clips.dir, 'scenes.mp4')
  const keyFrames = [0, 110, 150, 265].map((frame) => `eq(n,${frame})`).join('+')
  await promisify(execFile)('ffmpeg', [
    ...['-nostdin', '-y', '-loglevel', 'error', '-f', 'lavfi', '-i', 'testsrc2=s=640x360:r=25:d=12'],
    ...['-f', 'lavfi', '-i', 'sine=300:d=12:r=48000', '-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p'],
    ...['-sc_threshold', '0', '-force_key_frames', `expr:${keyFrames}`, '-c:a', 'aac', path],
  ])
  return path
}

test('a rendition that is cut at the key frames of its source is changed to and from without a jump', async () => {
  const { id } = await upload(client, await scenes(), { visibility: 'public' })
  const { playback } = await untilStatus(client, id, 'ready')
  const lengths = async (name: string) => {
    const text = await (await fetch(new URL(name, playback?.hlsUrl))).text()
    return [...text.matchAll(/#EXTINF:([\d.]+)/g)].map(([, seconds]) => Number(seconds))
  }
  expect(await lengths('360p.m3u8')).toEqual([4.4, 1.6, 6])
  expect(await lengths('240p.m3u8')).toEqual([2.2, 2.2, 1.6, 6])

  const tab = await browser.newPage({ bypassCSP: true })
  await tab.goto(`${system.gatewayUrl}/watch/${id}`)
  await play(tab, playback?.hlsUrl ?? '')
  await tab.evaluate(`(() => {
    const { hls, video, switched } = window.playing
    hls.on('hlsLevelSwitched', (_, { level }) => switched.push(level))
    Object.assign(window.playing, { jumps: [], last: video.currentTime })
    video.addEventListener('seeking', () => window.playing.jumps.push('seeking'))
    const look = (_, { mediaTime }) => {
      if (mediaTime < window.playing.last) window.playing.jumps.push(mediaTime)
      window.playing.last = mediaTime
      video.requestVideoFrameCallback(look)
    }
    video.requestVideoFrameCallback(look)
    hls.nextLevel = 1
  })()`)
  await untilTrue(tab, 'switched.at(-1) === 1 && video.currentTime > 1')
  await tab.evaluate('window.playing.hls.nextLevel = 0')
  await untilTrue(tab, 'switched.at(-1) === 0')
  await tab.evaluate('window.playing.hls.nextLevel = 1')
  await untilTrue(tab, 'switched.filter((level) => level === 1).length >= 2')
  await untilTrue(tab, 'video.ended || video.currentTime > 11.5')
  expect(
    await tab.evaluate('[window.playing.errors, window.playing.jumps, window.playing.video.buffered.length]'),
  ).toEqual([[], [], 1])
})
