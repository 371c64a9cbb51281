import type { SourceFacts } from '@kinora/common/contracts'
import { expect, test } from 'vitest'
import { ladder } from './ladder.ts'

function rungs(width: number, height: number, max = 1080): string[] {
  const video = { width, height } as SourceFacts['video']
  return ladder(video, max).map((rung) => `${rung.name} ${rung.width}x${rung.height} ${rung.maxrate}`)
}

test('a 1080p source gets every rung up to its own size', () => {
  expect(rungs(1920, 1080)).toEqual([
    '240p 426x240 300',
    '360p 640x360 800',
    '540p 960x540 2000',
    '720p 1280x720 3200',
    '1080p 1920x1080 5500',
  ])
})

test('a portrait source is measured by its short side', () => {
  expect(rungs(720, 1280)).toEqual(['240p 240x426 300', '360p 360x640 800', '540p 540x960 2000', '720p 720x1280 3200'])
})

test('rungs above the highest that is wanted are left out', () => {
  expect(rungs(3840, 2160)).toHaveLength(5)
  expect(rungs(3840, 2160, 2160).at(-1)).toBe('2160p 3840x2160 16000')
})

test('a source between two standard sizes is kept at its own size, with a cap between theirs', () => {
  expect(rungs(854, 480)).toEqual(['240p 428x240 300', '360p 640x360 800', '480p 854x480 1600'])
})

test('a standard size that is hardly smaller than the source is left out', () => {
  expect(rungs(710, 400)).toEqual(['240p 426x240 300', '400p 710x400 1067'])
  expect(rungs(1300, 730).map((rung) => rung.split(' ')[0])).toEqual(['240p', '360p', '540p', '730p'])
})

test('a source below the lowest rung keeps its own size, made even', () => {
  expect(rungs(161, 91)).toEqual(['90p 160x90 300'])
  expect(rungs(1, 1)).toEqual(['2p 2x2 300'])
})

test('all sides are even, whatever the shape', () => {
  for (const [width, height] of [
    [853, 480],
    [1919, 1079],
    [2048, 858],
    [241, 4001],
  ] as const) {
    for (const rung of ladder({ width, height } as SourceFacts['video'], 2160)) {
      expect([rung.width % 2, rung.height % 2]).toEqual([0, 0])
      expect(rung.width <= width + 1 && rung.height <= height + 1).toBe(true)
    }
  }
})
