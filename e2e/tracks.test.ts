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
/** hls.js aborts what it loads when the track changes; a busy machine may wait for the other one. */
const UNIMPORTANT = ['aborted', 'bufferStalledError']
const PLAYER = `document.querySelector('kinora-player')`
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

/** Opens the player page; `window.switched` gets a field of each of these events of the player, `window.errors` its errors. */
async function openPlayer(id: string, event: string, field: string): Promise<Page> {
  const tab = await browser.newPage({ bypassCSP: true })
  await tab.addInitScript(`window.switched = []; window.errors = []
    addEventListener('DOMContentLoaded', () => {
      const player = ${PLAYER}
      player.addEventListener('${event}', ({ detail }) => window.switched.push(detail.${field}))
      player.addEventListener('playbackerror', ({ detail: { details, fatal } }) => {
        if (fatal || !${JSON.stringify(UNIMPORTANT)}.includes(details)) window.errors.push(details)
      })
    })`)
  await tab.goto(`${system.gatewayUrl}/watch/${id}`)
  return tab
}

async function untilTrue(tab: Page, expression: string): Promise<void> {
  await tab.waitForFunction(`(() => { const { media: video } = ${PLAYER}; return ${expression} })()`, undefined, {
    timeout: 60_000,
  })
}

async function choose(tab: Page, menu: 'Audio' | 'Captions', item: string): Promise<void> {
  await tab.getByRole('button', { name: 'settings' }).click()
  await tab.getByRole('menuitem', { name: menu }).click()
  await tab.getByRole('menuitemradio', { name: item, exact: true }).click()
  // Escape leaves the inner menu first.
  await until(async () => {
    await tab.keyboard.press('Escape')
    return tab.evaluate<boolean>(`${PLAYER}.shadowRoot.querySelector('media-settings-menu').hidden`)
  })
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

  const tab = await openPlayer(id, 'audiochange', 'label')
  await tab.waitForFunction(`${PLAYER}?.media?.audioTracks.length === 4`)
  await tab.evaluate(`${PLAYER}.play()`)
  const named = `[...${PLAYER}.media.audioTracks].map(({ label, language }) => label + ' ' + language)`
  expect(await tab.evaluate(named)).toEqual(['Deutsch de', 'Dub fr', 'English en', 'English (audio description) en'])
  await untilTrue(tab, 'video.currentTime > 1')
  await choose(tab, 'Audio', 'English')
  await choose(tab, 'Captions', 'English')
  await untilTrue(tab, "window.switched.includes('English') && video.currentTime > 3")
  const shown = `[...video.textTracks].some(({ mode, activeCues }) => mode === 'showing' && activeCues?.[0]?.text === `
  await untilTrue(tab, `${shown}'Good day')`)
  await choose(tab, 'Audio', 'English (audio description)')
  await choose(tab, 'Captions', 'Deutsch')
  await untilTrue(tab, `window.switched.includes('English (audio description)') && ${shown}'Guten Tag')`)
  await untilTrue(tab, 'video.ended || video.currentTime > 13')
  expect(await tab.evaluate('window.errors')).toEqual([])
})

test('a phone’s HEVC is offered beside H.264, and Chromium, which cannot decode it, plays the other', async () => {
  const path = join(clips.dir, 'phone-hevc.mp4')
  const closed = 'log-level=error:keyint=25:min-keyint=25:scenecut=0:open-gop=0'
  await promisify(execFile)('ffmpeg', [
    ...['-nostdin', '-y', '-loglevel', 'error', '-f', 'lavfi', '-i', 'testsrc2=s=426x240:r=25:d=4'],
    ...['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', closed, '-pix_fmt', 'yuv420p', path],
  ])
  const { id } = await upload(client, path, { visibility: 'public' })
  const { playback, renditions } = await untilStatus(client, id, 'ready')
  expect(renditions.map(({ name, status }) => `${name} ${status}`)).toEqual(['240p ready', '240p-hevc ready'])
  const hlsUrl = playback?.hlsUrl ?? ''
  const entries = 'stream=codec_tag_string,profile,level,nb_read_frames'
  const { stdout } = await promisify(execFile)('ffprobe', [
    ...['-v', 'error', '-count_frames', '-show_entries', entries, '-of', 'csv=p=0'],
    new URL('240p-hevc.m3u8', hlsUrl).href,
  ])
  const [, level] = /^Main,hvc1,(\d+),100$/m.exec(stdout) ?? []
  expect(await (await fetch(hlsUrl)).text()).toMatch(
    new RegExp(`CODECS="hvc1\\.1\\.6\\.L${level}[.\\w]*",RESOLUTION=426x240`),
  )

  const tab = await openPlayer(id, 'audiochange', 'label')
  const asked: string[] = []
  tab.on('request', (request) => asked.push(new URL(request.url()).pathname))
  await tab.reload()
  await tab.waitForFunction(`${PLAYER}?.media`)
  await tab.evaluate(`${PLAYER}.play()`)
  await untilTrue(tab, 'video.ended')
  expect(await tab.evaluate('window.errors')).toEqual([])
  expect(asked.filter((url) => url.endsWith('/240p.m3u8'))).not.toEqual([])
  expect(asked.filter((url) => url.includes('hevc'))).toEqual([])
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
  const { kind, warnings } = await untilVideo(client, id, ({ status }) => status === 'ready' || status === 'failed')
  expect({ kind, warnings }).toEqual({ kind: 'audio', warnings: [] })

  const tab = await openPlayer(id, 'audiochange', 'label')
  await tab.waitForFunction(`${PLAYER}?.media?.poster.includes('/poster.jpg')`, undefined, { timeout: 60_000 })
  await tab.evaluate(`${PLAYER}.play()`)
  await untilTrue(tab, 'video.currentTime > 1')
  const named = `[...${PLAYER}.media.audioTracks].map(({ label, language }) => label + ' ' + language)`
  expect(await tab.evaluate(named)).toEqual(['Deutsch de', 'English en'])
  await choose(tab, 'Audio', 'English')
  await untilTrue(tab, "window.switched.includes('English') && video.currentTime > 3")
  await choose(tab, 'Audio', 'Deutsch')
  await untilTrue(tab, "window.switched.includes('Deutsch') && (video.ended || video.currentTime > 13)")
  expect(await tab.evaluate('window.errors')).toEqual([])
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
  expect((await untilStatus(client, id, 'ready')).warnings).toEqual([])
  const [automatic] = await until(look, { timeoutMs: 120_000, every: 200 })
  expect(automatic).toMatchObject({ lang: 'fr', label: 'français (automatic)', cues: 1, automatic: true })
  const url = `${system.gatewayUrl}/play/${id}/captions/fr.vtt`
  expect(await (await fetch(url)).text()).toContain('00:00:00.500 --> 00:00:01.500\nasked in fr\n')

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

  const tab = await openPlayer(id, 'qualitychange', 'height')
  await tab.waitForFunction(`${PLAYER}?.media?.videoRenditions.length === 2`)
  await tab.evaluate(`(() => {
    const { media: video } = ${PLAYER}
    Object.assign(window, { jumps: [], last: video.currentTime })
    // Slow enough for a busy machine to load the next segment before it is due.
    video.playbackRate = 0.4
    video.addEventListener('seeking', () => window.jumps.push('seeking'))
    const look = (_, { mediaTime }) => {
      if (mediaTime < window.last) window.jumps.push(mediaTime)
      window.last = mediaTime
      video.requestVideoFrameCallback(look)
    }
    video.requestVideoFrameCallback(look)
    return ${PLAYER}.play()
  })()`)
  // Index 0 is the smallest.
  const quality = (index: number) => tab.evaluate(`${PLAYER}.media.videoRenditions.selectedIndex = ${index}`)
  await quality(1)
  await untilTrue(tab, 'window.switched.at(-1) === 360 && video.currentTime > 1')
  await quality(0)
  await untilTrue(tab, 'window.switched.at(-1) === 240')
  await quality(1)
  await untilTrue(tab, 'window.switched.filter((height) => height === 360).length >= 2')
  await tab.evaluate(`${PLAYER}.media.playbackRate = 1`)
  await untilTrue(tab, 'video.ended || video.currentTime > 11.5')
  expect(await tab.evaluate(`[window.errors, window.jumps, ${PLAYER}.media.buffered.length]`)).toEqual([[], [], 1])
})
