import { describe, expect, it } from 'vitest'
import { addressKey, loggedAddress, normaliseAddress } from './client-address.ts'

describe('normaliseAddress', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:c000:0201', '192.0.2.1'],
    ['::ffff:0:c000:201', '::ffff:0:c000:201'],
    ['192.0.2.1:50123', '192.0.2.1'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['2001:DB8::1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
  ])('writes %s as %s', (address, expected) => {
    expect(normaliseAddress(address)).toBe(expected)
  })
})

describe('addressKey', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('of %s is %s', (address, expected) => {
    expect(addressKey(address)).toBe(expected)
  })
})

describe('loggedAddress', () => {
  it.each([
    ['192.0.2.17', 'full', '192.0.2.17'],
    ['192.0.2.17', 'short', '192.0.2.0'],
    ['2001:db8:1:2:3:4:5:6', 'short', '2001:db8:1::'],
    ['::1', 'short', '0:0:0::'],
    ['192.0.2.17', 'none', undefined],
  ] as const)('of %s, %s, is %s', (address, how, expected) => {
    expect(loggedAddress(address, how)).toBe(expected)
  })
})
