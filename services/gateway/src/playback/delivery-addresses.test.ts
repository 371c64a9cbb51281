import { randomBytes, randomUUID } from 'node:crypto'
import type { PlaybackGrant } from '@kinora/common/contracts'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DeliveryAddresses } from './delivery-addresses.ts'

const HOUR = 3600
/** Ten minutes after a full hour. */
const NOW = Math.floor(1_796_140_800 / HOUR) * HOUR + 600
const [secret, older] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')]
const addresses = new DeliveryAddresses([secret], { bucketSeconds: HOUR })
const videoId = randomUUID()

function grant(fields: Partial<PlaybackGrant> = {}): PlaybackGrant {
  return {
    ...{
      videoId,
      projectId: randomUUID(),
      tokenId: null,
      visibility: 'public',
      maxHeight: null,
      download: false,
      posterKey: null,
      storyboard: null,
      captions: [],
    },
    ...{
      chaptersKey: null,
      expiresAt: null,
      heights: [240, 480, 1080],
      durationSeconds: 60,
      deliveryEpoch: 0,
      version: null,
    },
    ...fields,
  }
}

const addressOf = (fields: Partial<PlaybackGrant> = {}, by = addresses) =>
  by.folderFor(grant(fields)).split('/').at(-1) ?? ''
const opened = (fields: Partial<PlaybackGrant> = {}) => addresses.read(videoId, addressOf(fields))
const endsAt = (seconds: number) => new Date(seconds * 1000).toISOString()

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: NOW * 1000 }))
afterEach(() => void vi.useRealTimers())

describe('an address', () => {
  it('is relative to a playlist, or below the address of a cache', () => {
    expect(addresses.folderFor(grant())).toMatch(new RegExp(`^\\.\\./\\.\\./v/${videoId}/all-0-\\d+-[\\w-]{22}$`))
    const elsewhere = new DeliveryAddresses([secret], { bucketSeconds: HOUR, deliveryUrl: 'https://cdn.test/k/' })
    expect(elsewhere.folderFor(grant())).toBe(addresses.folderFor(grant()).replace('../..', 'https://cdn.test/k'))
  })

  it('is the same for all links that reach the same renditions', () => {
    expect(addressOf({ maxHeight: 1080 })).toBe(addressOf())
    expect(addressOf({ maxHeight: 2160, download: true, tokenId: randomUUID() })).toBe(addressOf())
    expect(addressOf({ maxHeight: 1000 })).toBe(addressOf({ maxHeight: 480 }))
    expect(opened({ maxHeight: 1000 })).toMatchObject({ videoId, maxHeight: 480, epoch: 0 })
    expect(opened({ deliveryEpoch: 7 })).toMatchObject({ maxHeight: null, epoch: 7 })
  })

  it.each([
    ['an hour and the rest of a bucket', {}, 2],
    ['as long as its link, rounded up', { expiresAt: endsAt(NOW + 60) }, 1],
    ['no longer because of a link for a week', { expiresAt: endsAt(NOW + 604_800) }, 2],
    ['twice the length of a long video', { durationSeconds: 3 * HOUR }, 7],
    ['a day at most, however long the video is', { durationSeconds: 100 * HOUR }, 25],
  ])('lives %s', (_what, fields, hours) => {
    expect(opened(fields)?.expiresAt).toBe(NOW - 600 + hours * HOUR)
  })

  it('expires', () => {
    const address = addressOf()
    vi.setSystemTime((NOW + 6599) * 1000)
    expect(addresses.read(videoId, address)).not.toBeNull()
    vi.setSystemTime((NOW + 6600) * 1000)
    expect(addresses.read(videoId, address)).toBeNull()
  })

  it('of the previous secret is accepted, of others not', () => {
    const rotated = new DeliveryAddresses([secret, older], { bucketSeconds: HOUR })
    const before = addressOf({}, new DeliveryAddresses([older], { bucketSeconds: HOUR }))
    expect(rotated.read(videoId, before)).not.toBeNull()
    expect(addressOf({}, rotated)).toBe(addressOf())
    expect(addresses.read(videoId, before)).toBeNull()
  })

  it('is valid in one spelling, for one video', () => {
    const address = addressOf({ maxHeight: 480 })
    const [scope = '', epoch = '', expiry = '', signature = ''] = address.split(/-(.*?)-(.*?)-(.*)/)
    const flipped = `${signature.slice(0, -1)}${String.fromCharCode(signature.charCodeAt(21) + 1)}`
    for (const wrong of [
      '',
      address.replace('480p', '1080p'),
      address.replace('480p', 'all'),
      address.replace('480p', '0480p'),
      `${scope}-1-${expiry}-${signature}`,
      `${scope}-${epoch}-${Number(expiry) + HOUR}-${signature}`,
      `${scope}-${epoch}-${expiry}-${flipped}`,
      `${scope}-${epoch}-${expiry}-${'A'.repeat(22)}`,
      `${address}A`,
      `${address}=`,
      ` ${address}`,
      address.toUpperCase(),
    ]) {
      expect(addresses.read(videoId, wrong), wrong).toBeNull()
    }
    expect(addresses.read(randomUUID(), address)).toBeNull()
    expect(addresses.read(videoId, address)).not.toBeNull()
  })
})
