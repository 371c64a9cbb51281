import { createPublicKey } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import express from 'express'
import jwt from 'jsonwebtoken'
import pg from 'pg'

/**
 * The baseline of the gateway: one Express process that checks the token and queries PostgreSQL itself. Forked with its
 * settings in the environment; reports its port.
 */
const { BENCH_DATABASE_URL, BENCH_JWK = '{}', BENCH_ISSUER = '', BENCH_CACHE_TOKENS } = process.env

const pool = new pg.Pool({ connectionString: BENCH_DATABASE_URL ?? '', max: 10 })
const key = createPublicKey({ key: JSON.parse(BENCH_JWK), format: 'jwk' })
const verified = new Map<string, jwt.JwtPayload>()

/** With `BENCH_CACHE_TOKENS` a verified token is cached until it expires, as in the gateway. */
function check(token: string): jwt.JwtPayload {
  const known = verified.get(token)
  if (known && (known.exp ?? 0) * 1000 > Date.now()) return known
  const claims = jwt.verify(token, key, { algorithms: ['ES256'], issuer: BENCH_ISSUER, audience: 'kinora' })
  if (typeof claims === 'string') throw new Error('not an object')
  if (BENCH_CACHE_TOKENS) verified.set(token, claims)
  return claims
}

const app = express()
app.get('/v1/videos/:videoId', async (req, res) => {
  const { sub } = check((req.headers.authorization ?? '').slice('Bearer '.length))
  const { rows } = await pool.query({
    name: 'find',
    text: 'select * from media.videos where id = $1 and owner_id = $2',
    values: [req.params.videoId, sub],
  })
  if (rows[0]) res.json(rows[0])
  else res.status(404).json({ code: 'VIDEO_NOT_FOUND' })
})
const server = app.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.once('disconnect', () => process.exit())
