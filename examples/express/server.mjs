import http from 'node:http'
import https from 'node:https'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { Kinora, verifyWebhook } from '@kinora/sdk'
import express from 'express'

const { KINORA_URL: url, KINORA_API_KEY: token, WEBHOOK_SECRET: secret, PORT = '3000' } = process.env
const kinora = new Kinora({ url, token })
const app = express()
const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const elements = dirname(fileURLToPath(import.meta.resolve('@kinora/elements/kinora-player.js')))

app.get('/', (_req, res) => res.sendFile(here('page.html')))
app.use('/elements', express.static(elements))

// Uploads go through this server, which adds the API key. Check here who may upload.
const PASSED = /^(tus-resumable|upload-|content-(type|length))/
app.use('/v1/uploads', (req, res) => {
  const passed = Object.entries(req.headers).filter(([name]) => PASSED.test(name))
  const headers = { ...Object.fromEntries(passed), authorization: `Bearer ${token}` }
  const target = new URL(req.originalUrl, url)
  const { request } = target.protocol === 'https:' ? https : http
  const upload = request(target, { method: req.method, headers }, (answer) => {
    res.writeHead(answer.statusCode, answer.headers)
    pipeline(answer, res, () => {})
  })
  pipeline(req, upload, (error) => error && res.destroy())
})

// Events for the page: the progress of a video, then a link that plays it for an hour. Check here who may watch.
app.get('/videos/:id/events', async (req, res) => {
  const send = (event, data) => res.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
  const gone = new AbortController()
  res.type('text/event-stream').on('close', () => gone.abort())
  const onState = ({ progress }) => send('progress', progress.percent)
  try {
    await kinora.videos.waitUntil(req.params.id, 'playable', { signal: gone.signal, onState })
    send('playable', await kinora.videos.createPlaybackToken(req.params.id, { expiresIn: 3600 }))
  } catch (error) {
    if (!gone.signal.aborted) send('failed', error.message)
  }
  res.end()
})

app.post('/webhooks', express.raw({ type: '*/*' }), (req, res) => {
  const { type, data } = verifyWebhook(req.body, req.headers, secret)
  console.log(type, data.id)
  res.sendStatus(204)
})

app.use((error, _req, res, _next) => res.status(error.code === 'WEBHOOK_SIGNATURE_INVALID' ? 401 : 500).end())
app.listen(PORT, () => console.log(`http://localhost:${PORT}`))
