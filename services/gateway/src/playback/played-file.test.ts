import { describe, expect, it } from 'vitest'
import { playedFile } from './played-file.ts'

const TASK = '0190f3c2-7d4e-7a51-9c6b-2f4d1e8a9b0c-3'

describe('playedFile', () => {
  it.each([
    ['master.m3u8', { kind: 'master' }],
    ['720p.m3u8', { kind: 'playlist', height: 720 }],
    ['audio.m3u8', { kind: 'playlist', height: null }],
    ['1080p-iframes.m3u8', { kind: 'playlist', height: 1080 }],
    [`${TASK}/720p/12.m4s`, { kind: 'segment', contentType: 'video/mp4', height: 720 }],
    [`${TASK}/720p/init.mp4`, { kind: 'segment', contentType: 'video/mp4', height: 720 }],
    [`${TASK}/1.m4s`, { kind: 'segment', contentType: 'video/mp4', height: null }],
    [`captions-${TASK.slice(0, -2)}.m3u8`, { kind: 'playlist', height: null }],
    [`captions-${TASK.slice(0, -2)}.vtt`, { kind: 'segment', contentType: 'text/vtt; charset=utf-8' }],
    [`${TASK}/poster.jpg`, { kind: 'segment', contentType: 'image/jpeg' }],
  ])('knows %s', (path, expected) => {
    expect(playedFile(path)).toMatchObject(expected)
  })

  it.each([
    '',
    '.m3u8',
    'a/b.m3u8',
    'captions-en.vtt',
    '../master.m3u8',
    `${TASK}/../1.m4s`,
    `${TASK}/720p/../1.m4s`,
    `${TASK}/720p/x/1.m4s`,
    `${TASK}/720p/1.m4s\n`,
    `${TASK}/720p/1.m4s\0`,
    `${TASK}/720p/.1.m4s`,
    `${TASK.toUpperCase()}/720p/1.m4s`,
    `${TASK}/720p/1.mkv`,
    '0190f3c2-7d4e-7a51-9c6b-2f4d1e8a9b0c/1.m4s',
  ])('does not know %j', (path) => {
    expect(playedFile(path)).toBeNull()
  })
})
