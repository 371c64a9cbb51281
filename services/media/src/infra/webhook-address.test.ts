import { BlockList } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressRule } from './webhook-address.ts'

const nobody = addressRule(new BlockList())

describe('the address rule', () => {
  it.each([
    ['8.8.8.8', true],
    ['93.184.215.14', true],
    ['2606:4700:4700::1111', true],
    ['2a00:1450:4001:80b::200e', true],
    ['127.0.0.1', false],
    ['0.0.0.0', false],
    ['10.1.2.3', false],
    ['100.100.100.200', false],
    ['169.254.169.254', false],
    ['168.63.129.16', false],
    ['168.63.129.17', true],
    ['::ffff:168.63.129.16', false],
    ['192.0.0.192', false],
    ['172.31.255.255', false],
    ['192.168.0.1', false],
    ['224.0.0.1', false],
    ['255.255.255.255', false],
    ['::', false],
    ['::1', false],
    ['::127.0.0.1', false],
    ['::ffff:127.0.0.1', false],
    ['::ffff:8.8.8.8', false],
    ['64:ff9b::a9fe:a9fe', false],
    ['64:ff9b:1::a00:1', false],
    ['2002:7f00:1::', false],
    ['2001:0:4136:e378:8000:63bf:3fff:fdd2', false],
    ['2001:db8::1', false],
    ['fd00:ec2::254', false],
    ['fe80::1', false],
    ['fe80::1%eth0', false],
    ['ff02::1', false],
    ['localhost', false],
    ['', false],
  ])('%j: %s', (address, expected) => {
    expect(nobody(address)).toBe(expected)
  })

  it('lets nothing through that lies in a special network, counted in another way', () => {
    const special = ['0/8', '10/8', '127/8', '169.254/16', '172.16/12', '192.168/16', '100.64/10', '198.18/15', '224/3']
    const networks = special.map((text) => {
      const [base = '', prefix] = text.split('/')
      const bytes = [...base.split('.').map(Number), 0, 0, 0].slice(0, 4)
      return { base: toNumber(bytes), size: 2 ** (32 - Number(prefix)) }
    })
    const inside = fc
      .constantFrom(...networks)
      .chain(({ base, size }) => fc.nat(size - 1).map((offset) => base + offset))
    fc.assert(
      fc.property(inside, (value) => {
        const dotted = toDotted(value)
        const hex = `${(value >>> 16).toString(16)}:${(value & 0xffff).toString(16)}`
        for (const address of [dotted, `::ffff:${dotted}`, `::ffff:${hex}`, `64:ff9b::${hex}`, `2002:${hex}::1`]) {
          expect(nobody(address), address).toBe(false)
        }
      }),
    )
  })

  it('lets no IPv6 address through whose first three bits are not 001', () => {
    const groups = fc.array(fc.nat(0xffff), { minLength: 8, maxLength: 8 })
    fc.assert(
      fc.property(groups, ([first = 0, ...rest]) => {
        const address = [first, ...rest].map((group) => group.toString(16)).join(':')
        if (first >>> 13 !== 1) expect(nobody(address)).toBe(false)
      }),
    )
  })

  it('lets hosts of the internet through', () => {
    const host = fc.tuple(fc.integer({ min: 11, max: 99 }), fc.nat(255), fc.nat(255), fc.nat(255))
    fc.assert(
      fc.property(host, (bytes) => {
        expect(nobody(bytes.join('.'))).toBe(true)
      }),
    )
  })

  it('lets allowed networks through, whichever way their addresses are written', () => {
    const allowed = new BlockList()
    allowed.addSubnet('10.1.0.0', 16, 'ipv4')
    const rule = addressRule(allowed)
    fc.assert(
      fc.property(fc.nat(255), fc.nat(255), (third, fourth) => {
        expect(rule(`10.1.${third}.${fourth}`)).toBe(true)
        expect(rule(`::ffff:10.1.${third}.${fourth}`)).toBe(true)
        expect(rule(`10.2.${third}.${fourth}`)).toBe(false)
      }),
    )
  })
})

function toNumber(bytes: number[]): number {
  return bytes.reduce((value, byte) => value * 256 + byte, 0)
}

function toDotted(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.')
}
