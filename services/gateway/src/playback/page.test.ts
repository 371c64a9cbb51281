import { expect, it, test } from 'vitest'
import { frameAncestors, mayPlay, pageOf } from './page.ts'

const OWN = new Set(['https://videos.example', 'http://localhost:8080'])
const ALLOWED = ['shop.example', '*.blog.example']

it.each([
  ['a page of a listed site', { origin: 'https://shop.example' }, true],
  ['at another port', { origin: 'https://shop.example:8443' }, true],
  ['without TLS', { origin: 'http://shop.example' }, true],
  ['below a wildcard', { origin: 'https://a.b.blog.example' }, true],
  ['with a final dot', { origin: 'https://shop.example.' }, true],
  ['by Referer', { referer: 'https://shop.example/page?x=1' }, true],
  ['the name above a wildcard', { origin: 'https://blog.example' }, false],
  ['another site', { origin: 'https://evil.example' }, false],
  ['another site by Referer', { referer: 'https://evil.example/shop.example' }, false],
  ['a name that ends alike', { origin: 'https://evilshop.example' }, false],
  ['a name that begins alike', { origin: 'https://shop.example.evil.example' }, false],
  ['a user name that looks alike', { referer: 'https://shop.example@evil.example/' }, false],
  ['Origin decides before Referer', { origin: 'https://evil.example', referer: 'https://shop.example/' }, false],
  ['our own page', { origin: 'https://videos.example' }, true],
  ['our own page by Referer', { referer: 'http://localhost:8080/watch/1' }, true],
  ['our host at another port', { origin: 'https://videos.example:444' }, false],
  ['our own page that sends neither', { 'sec-fetch-site': 'same-origin' }, true],
  ['a frame without an origin', { origin: 'null' }, false],
  ['a frame without an origin in a listed page', { origin: 'null', referer: 'https://shop.example/' }, true],
  ['an Origin that is none', { origin: 'shop.example' }, false],
  ['two origins', { origin: 'https://shop.example, https://evil.example' }, false],
  ['a page of another site that hides', { 'sec-fetch-site': 'cross-site' }, false],
  ['a page of a sister site that hides', { 'sec-fetch-site': 'same-site' }, false],
  ['an address that somebody opens', { 'sec-fetch-site': 'none', 'sec-fetch-dest': 'document' }, true],
  [
    'a link that somebody follows',
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'document', referer: 'https://evil.example/' },
    true,
  ],
  ['a program or a phone', {}, true],
  ['an app that names itself', { referer: 'android-app://com.example' }, true],
] as const)('%s: %j', (_what, headers, allowed) => {
  expect(mayPlay(pageOf(headers, OWN), ALLOWED)).toBe(allowed)
  expect(mayPlay(pageOf(headers, OWN), [])).toBe(true)
})

test('frames are allowed to our own pages and the sites, at all ports', () => {
  expect(frameAncestors(ALLOWED)).toEqual(["'self'", 'shop.example:*', '*.blog.example:*'])
})
