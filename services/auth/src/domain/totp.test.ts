import { generateSync } from 'otplib'
import { describe, expect, it } from 'vitest'
import { createTotpSecret, matchedStep, qrSvgOf, totpUrl } from './one-time-codes.ts'

/** The secret of RFC 6238 appendix B, `12345678901234567890`, in base32. */
const RFC_SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const at = (seconds: number) => new Date(seconds * 1000)

describe('a code', () => {
  // The appendix has eight digits; six are their last ones.
  it.each([
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
  ])('of RFC 6238 at %i s is recognised, with its time step', (seconds, code) => {
    expect(matchedStep(RFC_SECRET, code, at(seconds))).toBe(Math.floor(seconds / 30))
  })

  it('is good one step early and one step late, and no further', () => {
    const code = generateSync({ secret: RFC_SECRET, epoch: 3000 })
    const good = [2969, 2970, 3000, 3029, 3059, 3060].map((now) => matchedStep(RFC_SECRET, code, at(now)))
    expect(good).toEqual([null, 100, 100, 100, 100, null])
  })

  it('of another secret is wrong', () => {
    const code = generateSync({ secret: createTotpSecret(), epoch: 3000 })
    expect(matchedStep('A'.repeat(32), code, at(3000))).toBeNull()
  })
})

describe('a set-up', () => {
  it('names issuer and account for the app, whatever is in them', () => {
    const secret = createTotpSecret()
    expect(secret).toMatch(/^[A-Z2-7]{32}$/)
    const url = new URL(totpUrl(secret, 'Kinora & Co', 'ann+films@kinora.test'))
    expect(decodeURIComponent(url.pathname)).toContain('Kinora & Co:ann+films@kinora.test')
    expect(Object.fromEntries(url.searchParams)).toMatchObject({ secret, issuer: 'Kinora & Co' })
  })

  it('is a picture that scales, even with the longest names', () => {
    const svg = qrSvgOf(totpUrl(createTotpSecret(), 'K'.repeat(64), `${'a'.repeat(242)}@kinora.test`))
    expect(svg).toMatch(
      /^<svg viewBox="0 0 \d+ \d+" xmlns="http:\/\/www\.w3\.org\/2000\/svg"><path d="[^"]+"\/><\/svg>\s*$/,
    )
    expect(svg.length).toBeLessThan(50_000)
  })
})
