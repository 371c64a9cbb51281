import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findChromium, until, useSystem } from '@kinora/dev/harness'
import { chromium, type Page } from 'playwright-core'
import { afterAll, expect, test, vi } from 'vitest'
import { register } from './support/accounts.ts'
import { createClient } from './support/client.ts'
import { useClips } from './support/clips.ts'
import { GENEROUS } from './support/settings.ts'
import { untilStatus, upload } from './support/videos.ts'

// A browser on a machine that may be busy with other test files.
vi.setConfig({ testTimeout: 300_000 })

const clips = useClips()
const PLAYER = `document.querySelector('kinora-player')`
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
    ...[...languages('a', 'ger', 'eng', 'eng'), ...languages('s', 'ger', 'eng')],
    ...['-disposition:a:2', 'visual_impaired', path],
  ])
  return path
}

async function untilTrue(tab: Page, expression: string): Promise<void> {
  await tab.waitForFunction(`(() => { const { media: video } = ${PLAYER}; return ${expression} })()`, {
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

  const tab = await browser.newPage({ bypassCSP: true })
  await tab.addInitScript(`window.switched = []; window.errors = []
    addEventListener('DOMContentLoaded', () => {
      const player = ${PLAYER}
      player.addEventListener('audiochange', ({ detail }) => window.switched.push(detail.label))
      player.addEventListener('playbackerror', ({ detail }) => window.errors.push(detail.details))
    })`)
  await tab.goto(`${system.gatewayUrl}/watch/${id}`)
  await tab.waitForFunction(`${PLAYER}?.media?.audioTracks.length === 3`)
  await tab.evaluate(`${PLAYER}.play()`)
  const named = `[...${PLAYER}.media.audioTracks].map(({ label, language }) => label + ' ' + language)`
  expect(await tab.evaluate(named)).toEqual(['Deutsch de', 'English en', 'English (audio description) en'])
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
