import { BlockList } from 'node:net'
import { describe, expect, it } from 'vitest'
import { addressRule, targetProblem } from './webhook-address.ts'

const rule = { allowHttp: false, allowsAddress: addressRule(new BlockList()) }

describe('targetProblem', () => {
  it.each([
    'https://example.com/hook?key=1',
    'https://example.com:8443',
    'https://8.8.8.8/',
    'https://[2606:4700::1]/',
  ])('finds none with %s', (url) => expect(targetProblem(url, rule)).toBeNull())

  it.each([
    ['http://example.com/', 'https'],
    ['ftp://example.com/', 'https'],
    ['https://user@example.com/', 'user name'],
    ['https://:secret@example.com/', 'password'],
    ['https://127.0.0.1/', 'private network'],
    ['https://[::1]/', 'private network'],
    ['https://[::ffff:10.0.0.1]/', 'private network'],
    // All of these are ways to write 127.0.0.1 or 169.254.169.254.
    ['https://2130706433/', 'private network'],
    ['https://0x7f.1/', 'private network'],
    ['https://0251.0376.0251.0376/', 'private network'],
    ['https://１２７.0.0.1/', 'private network'],
    ['https://168.63.129.16/', 'private network'],
    ['https://100.100.100.200/', 'private network'],
    ['https://192.0.0.192/', 'private network'],
    ['https://[fd00:ec2::254]/', 'private network'],
    ['https://[fd20:ce::254]/', 'private network'],
    // `new URL` takes all of these.
    ['https://exam\nple.com/', 'control'],
    ['https://example.com/\r\nhost: a', 'control'],
    ['\thttps://example.com/', 'control'],
    ['https://example.com/a b', 'control'],
    ['https://example.com/\u0000', 'control'],
    ['https://example.com/\u2028', 'control'],
  ])('finds one with %s', (url, words) => {
    expect(targetProblem(url, rule)).toContain(words)
  })

  it('takes http where it is allowed, and nothing else', () => {
    expect(targetProblem('http://example.com/', { ...rule, allowHttp: true })).toBeNull()
    expect(targetProblem('ftp://example.com/', { ...rule, allowHttp: true })).not.toBeNull()
  })
})
