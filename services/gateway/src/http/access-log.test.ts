import { describe, expect, it } from 'vitest'
import { loggablePath } from './access-log.ts'

describe('loggablePath', () => {
  it.each([
    ['/v1/videos?q=private', '/v1/videos'],
    ['/play/eyJ.secret/720p.m3u8?x=1', '/play/[token]/720p.m3u8'],
    ['/PLAY/eyJ.secret/720p.m3u8', '/PLAY/[token]/720p.m3u8'],
    ['/play/eyJ.secret', '/play/[token]'],
    [
      '/play/0190f3c2-7d4e-7a51-9c6b-2f4d1e8a9b0c/master.m3u8',
      '/play/0190f3c2-7d4e-7a51-9c6b-2f4d1e8a9b0c/master.m3u8',
    ],
  ])('logs %s as %s', (url, expected) => {
    expect(loggablePath(url)).toBe(expected)
  })
})
