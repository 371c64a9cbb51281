import { execFile, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { findChromium, freePort, until, useSystem } from '@kinora/dev/harness'
import axe from 'axe-core'
import { build } from 'esbuild'
import { chromium, type Page } from 'playwright-core'
import { Webhook } from 'standardwebhooks'
import { afterAll, expect, test, vi } from 'vitest'
import { register } from './support/accounts.ts'
import { createClient } from './support/client.ts'
import { useClips } from './support/clips.ts'
import { GENEROUS } from './support/settings.ts'

// A browser on a machine that may be busy with other test files.
vi.setConfig({ testTimeout: 240_000 })

const run = promisify(execFile)
const path = (of: string) => fileURLToPath(new URL(`../${of}`, import.meta.url))
const example = path('examples/express')
const guide = readFileSync(path('docs/integrate.md'), 'utf8')
/** The snippets of the guide: language, name of a file, text. */
const snippets = [...guide.matchAll(/^```(\w+) ?(\S*)\n([\s\S]*?)^```$/gm)].map(([, language, name, text = '']) => ({
  language,
  name,
  text,
}))

const clips = useClips()
const system = await useSystem({ env: GENEROUS })
const { email, password, client } = await register(createClient(system.gatewayUrl))
const scratch = mkdtempSync(join(tmpdir(), 'kinora-integrate-'))
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const env = {
  ...process.env,
  KINORA_URL: system.gatewayUrl,
  EMAIL: email,
  PASSWORD: password,
  PACKAGES: scratch,
  PLAYBACK_KEY: join(scratch, 'key.json'),
}

const [createKey, pack, createPlaybackKey] = snippets.filter(({ language }) => language === 'sh')
const shell = [createKey?.text, createPlaybackKey?.text].join('')
const key = (await run('bash', ['-c', shell], { env })).stdout.trim()
const port = await freePort()
const site = `http://127.0.0.1:${port}`
const server = spawn(process.execPath, ['server.mjs'], {
  cwd: example,
  env: { ...env, KINORA_API_KEY: key, WEBHOOK_SECRET: secret, PORT: String(port) },
  stdio: ['ignore', 'pipe', 'inherit'],
})
let said = ''
server.stdout.setEncoding('utf8').on('data', (text) => (said += text))
await until(() => said.includes('http://'))

const executablePath = await findChromium((line) => void process.stderr.write(`${line}\n`))
const browser = await chromium.launch({ executablePath, args: ['--autoplay-policy=no-user-gesture-required'] })
afterAll(async () => {
  await browser.close()
  server.kill()
  await once(server, 'exit')
  rmSync(scratch, { recursive: true, force: true })
})

async function openPage(): Promise<Page> {
  const tab = await browser.newPage()
  await tab.goto(site)
  return tab
}

/** An upload link, and its address at the gateway. */
async function createLink(settings: object): Promise<{ id: string; link: string }> {
  const { id, url } = await client.call<{ id: string; url: string }>('POST', '/v1/upload-links', settings)
  return { id, link: new URL(new URL(url).pathname, system.gatewayUrl).href }
}

/** Rules of WCAG that a state of the page breaks. */
async function violations(tab: Page): Promise<string[]> {
  await tab.evaluate(`${axe.source}; 0`)
  return tab.evaluate<string[]>(
    'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.map((node) => node.html).join()))',
  )
}

const stateOf = (tab: Page, name: string) => tab.locator('li', { hasText: name }).getAttribute('data-state')
const untilState = (tab: Page, name: string, state: string) =>
  until(async () => (await stateOf(tab, name)) === state, { timeoutMs: 60_000 })

test('the guide shows the example, which has less than a hundred lines', () => {
  for (const name of ['server.mjs', 'page.html']) {
    expect(snippets.find((snippet) => snippet.name === name)?.text).toBe(readFileSync(join(example, name), 'utf8'))
  }
  const lines = ['server.mjs', 'page.html', 'package.json'].map((name) => readFileSync(join(example, name), 'utf8'))
  expect(lines.join('').split('\n').length).toBeLessThan(100)
})

test('a visitor of the example uploads a video with the keyboard, sees its progress and plays it, private', async () => {
  const tab = await openPage()
  expect(await violations(tab)).toEqual([])
  await tab.keyboard.press('Tab')
  const [chooser] = await Promise.all([tab.waitForEvent('filechooser'), tab.keyboard.press('Enter')])
  await chooser.setFiles(await clips.make('silent.mp4'))
  await untilState(tab, 'silent.mp4', 'done')
  expect(await tab.locator('kinora-uploader [role=status]').textContent()).toBe('silent.mp4: Uploaded')
  await tab.getByText('Ready to play').waitFor({ timeout: 120_000 })
  await tab.waitForFunction("document.querySelector('kinora-player').media?.readyState > 2", undefined, {
    timeout: 60_000,
  })
  await tab.evaluate("document.querySelector('kinora-player').play()")
  await tab.waitForFunction("document.querySelector('kinora-player').media.currentTime > 0.5", undefined, {
    timeout: 60_000,
  })
  expect(await violations(tab)).toEqual([])
  await tab.close()
})

test('an upload is paused, goes offline, survives a reload, and is never begun twice', async () => {
  const file = await clips.write('large.mp4', Buffer.alloc(3_000_000, 'kinora'))
  const tab = await openPage()
  const asked: string[] = []
  tab.on('request', (sent) => void (sent.url().includes('/v1/uploads') && asked.push(sent.method())))
  const devtools = await tab.context().newCDPSession(tab)
  const limit = (uploadThroughput: number, offline = false) =>
    devtools.send('Network.emulateNetworkConditions', { offline, latency: 0, downloadThroughput: -1, uploadThroughput })
  await devtools.send('Network.enable')
  await limit(200_000)
  const choose = () => tab.locator('kinora-uploader input').setInputFiles(file)
  const percent = async () => Number(/(\d+) %/.exec((await tab.locator('.state').textContent()) ?? '')?.[1] ?? 0)

  await choose()
  await until(async () => (await percent()) > 10, { timeoutMs: 60_000 })
  await tab.getByRole('button', { name: 'Pause: large.mp4' }).click()
  await untilState(tab, 'large.mp4', 'paused')
  expect(await violations(tab)).toEqual([])
  await tab.getByRole('button', { name: 'Resume: large.mp4' }).click()
  await untilState(tab, 'large.mp4', 'uploading')
  await limit(200_000, true)
  await untilState(tab, 'large.mp4', 'offline')
  await limit(200_000)
  await untilState(tab, 'large.mp4', 'uploading')

  await tab.reload()
  await limit(-1)
  await choose()
  await untilState(tab, 'large.mp4', 'done')
  expect(asked.filter((method) => method === 'POST')).toEqual(['POST'])
  await tab.close()
})

test('files are dropped and pasted; a refusal is said in words, and can be tried again', async () => {
  const tab = await openPage()
  const give = (type: string, target: string, name: string) =>
    tab.evaluate(`(() => {
      const data = new DataTransfer()
      data.items.add(new File(['x'.repeat(1000)], ${JSON.stringify(name)}, { type: 'video/mp4' }))
      const init = { dataTransfer: data, clipboardData: data, bubbles: true }
      ${target}.dispatchEvent(new ${type === 'drop' ? 'DragEvent' : 'ClipboardEvent'}('${type}', init))
    })()`)
  await give('drop', "document.querySelector('kinora-uploader')", 'dropped.mp4')
  await untilState(tab, 'dropped.mp4', 'done')
  await give('paste', 'document.body', 'pasted.mp4')
  await untilState(tab, 'pasted.mp4', 'done')
  await tab.locator('#progress', { hasText: /damaged|not a video|not supported/ }).waitFor({ timeout: 60_000 })

  await tab.evaluate("document.querySelector('kinora-uploader').metadata = () => ({ videoId: 'none' })")
  await give('drop', "document.querySelector('kinora-uploader')", 'refused.mp4')
  await untilState(tab, 'refused.mp4', 'failed')
  expect(await tab.locator('li', { hasText: 'refused.mp4' }).textContent()).toContain('Not uploaded: ')
  expect(await violations(tab)).toEqual([])
  await tab.evaluate("document.querySelector('kinora-uploader').metadata = () => ({})")
  await tab.getByRole('button', { name: 'Try again: refused.mp4' }).click()
  await untilState(tab, 'refused.mp4', 'done')
  await tab.close()
})

test('a visitor of the page of the guide sends a file by an upload link, by tus-js-client', async () => {
  const command =
    snippets.find(({ language, text }) => language === 'sh' && text.includes('/v1/upload-links'))?.text ?? ''
  const made = await run('bash', ['-c', command.replace('https://jobs.example.org', site)], {
    env: { ...env, KINORA_API_KEY: key },
  })
  const { id, url } = JSON.parse(made.stdout) as { id: string; url: string }
  const link = new URL(new URL(url).pathname, system.gatewayUrl).href
  const html = snippets.find(({ name }) => name === 'visitor.html')?.text ?? ''
  const bundle = await build({
    stdin: { contents: "export { Upload } from 'tus-js-client'", resolveDir: path('e2e') },
    ...{ bundle: true, write: false, format: 'esm', platform: 'browser' },
  })
  const tab = await browser.newPage()
  await tab.route('https://cdn.jsdelivr.net/**', (route) =>
    route.fulfill({
      contentType: 'text/javascript',
      headers: { 'access-control-allow-origin': '*' },
      body: bundle.outputFiles[0]?.text ?? '',
    }),
  )
  // In a page that a server sent: Chromium lets no other reach addresses of this machine.
  await tab.goto(site)
  await tab.setContent(html.replace('https://videos.example.com/u/…', link))
  await tab.locator('input').setInputFiles(await clips.make('silent.mp4'))
  await tab.getByText('Thank you: ').waitFor({ timeout: 60_000 })
  const { videoIds } = await client.call<{ videoIds: string[] }>('GET', `/v1/upload-links/${id}`)
  expect(videoIds).toHaveLength(1)
  // A page of another origin gets nothing, not even the reason.
  await tab.goto(site.replace('127.0.0.1', 'localhost'))
  expect(await tab.evaluate(`fetch(${JSON.stringify(link)}).then(() => 'read', () => 'hidden')`)).toBe('hidden')
  await tab.close()
})

test('Uppy, unmodified, sends a file by an upload link', async () => {
  const { id, link } = await createLink({ allowedOrigins: [site], contentTypes: ['video/mp4'] })
  const script = snippets.find(({ name }) => name === 'uppy.js')?.text ?? ''
  const { outputFiles } = await build({
    stdin: { contents: script.replace('https://videos.example.com/u/…', link), resolveDir: path('e2e') },
    ...{ bundle: true, write: false, format: 'iife', platform: 'browser' },
  })
  const file = { name: 'sea.mp4', mimeType: 'video/mp4', buffer: randomBytes(300_000) }
  const tab = await openPage()
  await tab.setContent('<input type="file"><p role="status"></p>')
  await tab.addScriptTag({ content: outputFiles[0]?.text ?? '' })
  await tab.locator('input').setInputFiles(file)
  await tab.getByText('Thank you').waitFor({ timeout: 60_000 })
  const { videoIds } = await client.call<{ videoIds: string[] }>('GET', `/v1/upload-links/${id}`)
  const sha256 = createHash('sha256').update(file.buffer).digest('hex')
  const sent = { title: 'sea.mp4', source: { bytes: file.buffer.length, sha256 } }
  expect(await client.call('GET', `/v1/videos/${videoIds[0]}`)).toMatchObject(sent)
  await tab.close()
})

test('a page follows a private video by an EventSource', async () => {
  const { id } = await client.call<{ id: string }>('POST', '/v1/videos', { title: 'Private' })
  const { url } = await client.call<{ url: string }>('POST', `/v1/videos/${id}/events-token`)
  const script = snippets.find(({ name }) => name === 'follow.js')?.text.replace('export ', '') ?? ''
  const tab = await browser.newPage()
  await tab.goto(`${system.gatewayUrl}/watch/${id}`)
  const address = JSON.stringify(new URL(new URL(url).pathname, system.gatewayUrl).href)
  const state = await tab.evaluate<object>(
    `(() => { ${script}; return new Promise((resolve) => void follow(async () => ${address}, resolve)) })()`,
  )
  expect(state).toMatchObject({ videoId: id, status: 'awaiting_upload' })
  await tab.close()
})

test('the component takes files by an upload link, too, and a page may send one without tus', async () => {
  const { id, link } = await createLink({ uses: 2, contentTypes: ['video/mp4'], allowedOrigins: [site] })
  const tab = await openPage()
  const endpoint = JSON.stringify(`${link}/tus`)
  await tab.evaluate(`document.querySelector('kinora-uploader').setAttribute('endpoint', ${endpoint})`)
  await tab.locator('kinora-uploader input').setInputFiles(await clips.make('silent.mp4'))
  await untilState(tab, 'silent.mp4', 'done')
  const sent = await tab.evaluate<{ id: string }>(
    `fetch(${JSON.stringify(link)}, { method: 'PUT', body: new Blob(['no video'], { type: 'video/mp4' }) }).then((it) => it.json())`,
  )
  const { videoIds } = await client.call<{ videoIds: string[] }>('GET', `/v1/upload-links/${id}`)
  expect(videoIds).toHaveLength(2)
  expect(videoIds[0]).toBe(sent.id)
  await tab.close()
})

const REACT_PAGE = `
  import { createElement, useState } from 'react'
  import { createRoot } from 'react-dom/client'
  import { KinoraPlayer, KinoraUploader } from '@kinora/elements/react.js'
  import '@kinora/elements/kinora-player.js'
  import '@kinora/elements/kinora-uploader.js'

  function App() {
    const [videoId, setVideoId] = useState(null)
    const [state, setState] = useState('')
    const onUploadSuccess = ({ detail }) => setVideoId(detail.videoId)
    const onStateChange = ({ detail }) => setState(detail.state)
    const server = ${JSON.stringify(system.gatewayUrl)}
    return createElement('div', null,
      createElement(KinoraUploader, { endpoint: '/v1/uploads', single: true, metadata: () => ({ title: 'By React' }), onUploadSuccess }),
      videoId && createElement(KinoraPlayer, { server, videoId, onStateChange }),
      createElement('p', null, 'State: ' + state))
  }
  createRoot(document.querySelector('main')).render(createElement(App))`

test('React renders both with properties and listeners', async () => {
  const { outputFiles } = await build({
    stdin: { contents: REACT_PAGE, resolveDir: path('e2e') },
    bundle: true,
    write: false,
    define: { 'process.env.NODE_ENV': '"production"' },
  })
  const tab = await openPage()
  await tab.setContent('<main></main>')
  await tab.addScriptTag({ content: outputFiles[0]?.text ?? '' })
  await tab.getByRole('button', { name: 'Choose a file' }).waitFor()
  await tab.locator('kinora-uploader input').setInputFiles(await clips.make('silent.mp4'))
  // It is private, so the gateway tells a visitor nothing of it.
  await tab.getByText('State: not-found').waitFor({ timeout: 60_000 })
  const { title } = await client.call<{ title: string }>(
    'GET',
    `/v1/videos/${await tab.locator('kinora-player').getAttribute('video-id')}`,
  )
  expect(title).toBe('By React')
  await tab.close()
})

test('every snippet for a server runs, one after the other', async () => {
  const script = snippets.filter(({ language, name }) => language === 'js' && name === '').map(({ text }) => text)
  expect(script.length).toBeGreaterThan(4)
  const clip = await clips.make('silent.mp4')
  // Beside the example, where the packages are found.
  const file = join(example, `.guide-${process.pid}.mjs`)
  writeFileSync(file, script.join('\n').replace("'holiday.mp4'", JSON.stringify(clip)))
  try {
    const { stdout } = await run(process.execPath, [file], { env: { ...env, KINORA_API_KEY: key }, timeout: 120_000 })
    expect(stdout).toMatch(
      /100 %\nhttp.*\/master\.m3u8\n[\w-]{36} Holiday 2026\nVIDEO_NOT_FOUND, request \S+\n\{[\s\S]*\}\n/,
    )
    expect(stdout).toMatch(/\nhttp.*\/u\/[\w-]{43}\n/)
    expect(stdout).toMatch(/\nhttp.*\/events\/eyJ\S+\n/)
    const [signed = ''] = /^http\S+\/play\/eyJ\S+$/m.exec(stdout.slice(stdout.indexOf('VIDEO_NOT_FOUND'))) ?? []
    expect((await fetch(signed)).status).toBe(200)
  } finally {
    rmSync(file)
  }
})

test('the example takes webhooks that are signed, and no others', async () => {
  const body = JSON.stringify({ type: 'video.ready', timestamp: new Date().toISOString(), data: { id: 'video-1' } })
  const at = new Date()
  const signature = new Webhook(secret).sign('msg_1', at, body)
  const post = (headers: Record<string, string>) => fetch(`${site}/webhooks`, { method: 'POST', body, headers })
  const stamp = String(Math.floor(at.getTime() / 1000))
  const signed = { 'webhook-id': 'msg_1', 'webhook-timestamp': stamp, 'webhook-signature': signature }
  expect((await post(signed)).status).toBe(204)
  await until(() => said.includes('video.ready video-1'))
  expect((await post({ ...signed, 'webhook-id': 'msg_2' })).status).toBe(401)
})

test('the packages can be installed elsewhere: no workspace is named in them', async () => {
  const command = pack?.text.replace('npm run build\n', '') ?? ''
  await run('bash', ['-c', command], { cwd: path('.'), env, timeout: 120_000 })
  for (const name of readdirSync(scratch).filter((name) => name.endsWith('.tgz'))) {
    const { stdout } = await run('tar', ['-xzOf', join(scratch, name), 'package/package.json'])
    expect(stdout).not.toMatch(/workspace:|catalog:/)
    const { stdout: files } = await run('tar', ['-tzf', join(scratch, name)])
    expect(files).toMatch(
      name.includes('sdk') ? /dist\/index\.js[\s\S]*generated\/api\.d\.ts/ : /dist\/kinora-player\.js/,
    )
  }
})
