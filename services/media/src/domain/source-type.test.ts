import { expect, test } from 'vitest'
import { isDeclaredAsOther, shownFilename } from './source-type.ts'

test.each([
  null,
  '',
  'video/mp4',
  'video/x-matroska; codecs="avc1"',
  'application/octet-stream',
  'application/mxf',
  'model/vnd.mts',
  'text/vnd.trolltech.linguist',
  'image/gif',
  'audio/mp4',
])('a body of the type %s may be a video', (type) => {
  expect(isDeclaredAsOther(type)).toBe(false)
})

test.each([
  'text/html',
  'Text/Plain; charset=utf-8',
  'multipart/form-data; boundary=x',
  'image/png',
  'application/json',
])('a body of the type %s is no video', (type) => {
  expect(isDeclaredAsOther(type)).toBe(true)
})

test('a file name is shown without folders and tricks', () => {
  expect(shownFilename('C:\\clips\\..\\sea.mp4')).toBe('sea.mp4')
  expect(shownFilename('../../etc/sea\u202e4pm.mp4\n')).toBe('sea4pm.mp4')
  expect(shownFilename('/')).toBeNull()
  expect(shownFilename(null)).toBeNull()
})
