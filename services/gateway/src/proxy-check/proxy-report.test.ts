import { describe, expect, it } from 'vitest'
import { includesPublicAddresses } from './proxy-report.ts'

describe('includesPublicAddresses', () => {
  it.each([
    ['10.0.0.0/8', false],
    ['10.1.2.0/24', false],
    ['172.16.0.0/255.240.0.0', false],
    ['fd00::/8', false],
    ['loopback', false],
    ['203.0.113.7', false],
    ['203.0.113.7/32', false],
    ['2001:db8::1/128', false],
    ['0.0.0.0/0', true],
    ['::/0', true],
    ['10.0.0.0/7', true],
    ['172.0.0.0/8', true],
    ['203.0.113.0/24', true],
    ['192.0.0.0/255.0.0.0', true],
    ['2001:db8::/32', true],
  ])('%s: %s', (entry, expected) => {
    expect(includesPublicAddresses(entry)).toBe(expected)
  })
})
