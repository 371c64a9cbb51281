import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { holdsSecret, loggablePath, maskedError, maskTokens } from './mask.ts'

const ID = '0190f3c2-7d4e-7a51-9c6b-2f4d1e8a9b0c'
const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJ2aWRlbyI6IngifQ.c2lnbmF0dXJl'

describe('loggablePath', () => {
  it.each([
    ['/v1/videos?q=private', '/v1/videos'],
    ['/v1/videos#part', '/v1/videos'],
    ['/play/eyJ.secret/720p.m3u8?x=1', '/play/[token]/720p.m3u8'],
    ['/PLAY/eyJ.secret/720p.m3u8', '/PLAY/[token]/720p.m3u8'],
    ['/play/eyJ.secret', '/play/[token]'],
    ['//play/eyJ.secret/720p.m3u8', '//play/[token]/720p.m3u8'],
    ['/play//eyJ.secret', '/play//[token]'],
    ['/x/play/eyJ.secret', '/x/play/[token]'],
    ['http://host/play/eyJ.secret/720p.m3u8', '/play/[token]/720p.m3u8'],
    ['HTTPS://u:p@host:1?play/eyJ.secret', ''],
    ['play/eyJ.secret', 'play/[token]'],
    [`/%70lay/${JWT}/720p.m3u8`, '/[token]/[token]/720p.m3u8'],
    ['/u/short', '/u/[token]'],
    [`/u/${'a'.repeat(43)}/tus/${ID}`, `/u/[token]/tus/${ID}`],
    [`/v1/${JWT}`, '/v1/[token]'],
    ['/v1/ann@kinora.test', '/v1/[token]'],
    [`/play/${ID}/master.m3u8`, `/play/${ID}/master.m3u8`],
    [`http://host/v1/videos/${ID}/events`, `/v1/videos/${ID}/events`],
  ])('logs %s as %s', (target, expected) => {
    expect(loggablePath(target)).toBe(expected)
  })

  it('never has a playback token in it, however the target is written', () => {
    const around = fc.stringMatching(/^[a-z/:.?#%\\@-]{0,12}$/)
    fc.assert(
      fc.property(around, around, (before, after) => {
        expect(loggablePath(`${before}/${JWT}${after}`)).not.toContain(JWT)
      }),
    )
  })
})

describe('maskTokens', () => {
  it.each([
    [`cannot read ${JWT} now`, 'cannot read [token] now'],
    ['eyJhbGciOiJIUzI1NiJ9', '[token]'],
    ['GET /x?token=abc&a=1', 'GET /x?token=[token]&a=1'],
    ['access_token=abc', 'access_token=[token]'],
    ['key knr_0123456789', 'key [token]'],
    [`"${'aB3_'.repeat(8)}"`, '"[token]"'],
    [`video ${ID}`, `video ${ID}`],
    ['a plain sentence about send-stored-file.ts:12', 'a plain sentence about send-stored-file.ts:12'],
  ])('makes of %s %s', (text, expected) => {
    expect(maskTokens(text)).toBe(expected)
  })

  it('also holds for messages and causes of an error', () => {
    const error = new TypeError(`no ${JWT}`, { cause: new Error(`because of ${JWT}`) })
    const logged = JSON.stringify(maskedError(error))
    expect(logged).toContain('because of [token]')
    expect(logged).not.toContain(JWT)
  })
})

it('recognises a request id that is a credential', () => {
  expect([JWT, 'knr_abc', ID, '4bf92f3577b34da6a3ce929d0e0e4736'].map(holdsSecret)).toEqual([true, true, false, false])
})
