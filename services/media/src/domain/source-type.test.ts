import { expect, test } from 'vitest'
import { isDeclaredAsVideo, shownFilename } from './source-type.ts'

test('a declared type and an extension must both be of a video, where they are given', () => {
  expect(isDeclaredAsVideo('video/mp4', 'a.MP4')).toBe(true)
  expect(isDeclaredAsVideo('video/x-matroska; codecs="avc1"', null)).toBe(true)
  expect(isDeclaredAsVideo('application/octet-stream', 'a.ogv')).toBe(true)
  expect(isDeclaredAsVideo(null, null)).toBe(true)
  expect(isDeclaredAsVideo('text/plain', 'a.mp4')).toBe(false)
  expect(isDeclaredAsVideo('video/mp4', 'a.mp4.exe')).toBe(false)
  expect(isDeclaredAsVideo('video/mp4', 'a.')).toBe(false)
})

test('a name without an extension needs a type that says it', () => {
  expect(isDeclaredAsVideo('video/mp4', 'holiday')).toBe(true)
  expect(isDeclaredAsVideo('text/plain', 'holiday')).toBe(false)
  expect(isDeclaredAsVideo(null, 'holiday')).toBe(false)
})

test('a file name is shown without folders and tricks', () => {
  expect(shownFilename('C:\\clips\\..\\sea.mp4')).toBe('sea.mp4')
  expect(shownFilename('../../etc/sea\u202e4pm.mp4\n')).toBe('sea4pm.mp4')
  expect(shownFilename('/')).toBeNull()
  expect(shownFilename(null)).toBeNull()
})
