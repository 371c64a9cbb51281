import { describe, expect, it, test } from 'vitest'
import { AllowedDomains, isAllowedHost, MAX_ALLOWED_DOMAINS } from './allowed-domains.ts'

describe('an allowed domain', () => {
  it.each([
    ['Example.COM', 'example.com'],
    ['example.com.', 'example.com'],
    ['*.Example.com', '*.example.com'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['*.bücher.example', '*.xn--bcher-kva.example'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['ｅxample。com', 'example.com'],
    ['localhost', 'localhost'],
    ['192.0.2.1', '192.0.2.1'],
  ])('%s is kept as %s', (given, kept) => {
    expect(AllowedDomains.parse([given])).toEqual([kept])
  })

  it.each([
    ...[
      '',
      '*',
      '*.',
      '*.com',
      '*.localhost',
      '*.192.0.2.1',
      '*.*.example.com',
      'www.*.com',
      'a*.example.com',
      '.example.com',
    ],
    ...[
      'example.com:443',
      'https://example.com',
      '//example.com',
      'example.com/path',
      'user@example.com',
      'example.com?x',
    ],
    ...[
      'example.com#x',
      'exa mple.com',
      'exa\tmple.com',
      ' example.com',
      'a_b.example.com',
      '-a.example.com',
      'a-.example.com',
    ],
    ...[
      'a..example.com',
      '[::1]',
      '::1',
      '1.2.3.999',
      '%65xample.com',
      'example.com\\evil',
      `${'a'.repeat(64)}.example`,
    ],
    ...[`${'a.'.repeat(130)}example`, 'example.com;', "example.com'", 'example.com 2.example'],
  ])('%j is no host name', (given) => {
    expect(AllowedDomains.safeParse([given]).success).toBe(false)
  })
})

test('a list has each name once, and a limit', () => {
  expect(AllowedDomains.parse(['a.example', 'A.example', '*.a.example', 'a.example.'])).toEqual([
    'a.example',
    '*.a.example',
  ])
  const names = (count: number) => Array.from({ length: count }, (_, i) => `${i}.a.example`)
  expect(AllowedDomains.safeParse(names(MAX_ALLOWED_DOMAINS)).success).toBe(true)
  expect(AllowedDomains.safeParse(names(MAX_ALLOWED_DOMAINS + 1)).success).toBe(false)
})

test('a name is itself alone, and a wildcard what is below a name', () => {
  const allowed = ['shop.example', '*.blog.example']
  const hosts = ['shop.example', 'a.blog.example', 'a.b.blog.example']
  expect(hosts.filter((host) => !isAllowedHost(host, allowed))).toEqual([])
  const others = ['blog.example', 'a.shop.example', 'evilshop.example', 'evilblog.example', 'shop.example.evil', '']
  expect(others.filter((host) => isAllowedHost(host, allowed))).toEqual([])
})
