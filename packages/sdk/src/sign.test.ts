import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, verify } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { signPlaybackToken } from './sign.ts'

const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ed25519 = generateKeyPairSync('ed25519')
const read = (part: string | undefined) => JSON.parse(Buffer.from(part ?? '', 'base64url').toString())

it.each([
  ['ES256', 'sha256', p256],
  ['EdDSA', null, ed25519],
] as const)('a playback token is signed by %s', (alg, digest, { privateKey, publicKey }) => {
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const common = { keyId: 'key', privateKey: pem, videoId: 'video' }
  const [header, payload, signature = ''] = signPlaybackToken({ ...common, maxHeight: 720, expiresIn: 60 }).split('.')
  expect(read(header)).toEqual({ alg, kid: 'key' })
  const { exp, ...claims } = read(payload)
  expect(claims).toEqual({ sub: 'video', aud: 'playback', maxHeight: 720 })
  expect(Math.abs(exp - 60 - Date.now() / 1000)).toBeLessThan(2)
  const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const
  expect(verify(digest, Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'))).toBe(true)
  expect(read(signPlaybackToken({ ...common, download: true }).split('.')[1])).toMatchObject({ download: true })
})

it('the same is done by the ten lines of the docs', () => {
  const page = readFileSync(new URL('../../../docs/media/playback-keys.md', import.meta.url), 'utf8')
  const [, script = ''] = /```js\n([\s\S]*?)```/.exec(page) ?? []
  const folder = mkdtempSync(join(tmpdir(), 'kinora-sign-'))
  try {
    const path = join(folder, 'playback-key.json')
    const privateKey = p256.privateKey.export({ type: 'pkcs8', format: 'pem' })
    writeFileSync(path, JSON.stringify({ id: 'key', privateKey }))
    const env = { PLAYBACK_KEY: path, VIDEO_ID: 'video' }
    const token = execFileSync(process.execPath, ['--input-type=module', '-e', script], { env, encoding: 'utf8' })
    const [header, payload, signature = ''] = token.trim().split('.')
    expect(read(payload)).toMatchObject({ sub: 'video', aud: 'playback', maxHeight: 720 })
    const key = { key: p256.publicKey, dsaEncoding: 'ieee-p1363' } as const
    const bytes = Buffer.from(signature, 'base64url')
    expect(verify('sha256', Buffer.from(`${header}.${payload}`), key, bytes)).toBe(true)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
