import { describe, expect, it } from 'vitest'
import { BoundedCache } from './bounded-cache.ts'

describe('a bounded cache', () => {
  it('keeps no more than it may; the oldest goes first', () => {
    const cache = new BoundedCache<number>(3)
    for (let i = 0; i < 1000; i++) cache.set(`key ${i}`, i, 10)
    expect(cache.size).toBe(3)
    expect([996, 997, 998, 999].map((i) => cache.get(`key ${i}`, 0))).toEqual([undefined, 997, 998, 999])
  })

  it('forgets a value when its time is over, and is renewed by another', () => {
    const cache = new BoundedCache<string>(2)
    cache.set('a', 'old', 10)
    expect([cache.get('a', 9), cache.get('a', 10), cache.size]).toEqual(['old', undefined, 0])
    cache.set('a', 'new', 20)
    expect(cache.get('a', 10)).toBe('new')
  })

  it('forgets on demand', () => {
    const cache = new BoundedCache<number>(10)
    for (const n of [1, 2, 3, 4]) cache.set(String(n), n, 10)
    cache.deleteWhere((n) => n % 2 === 0)
    expect([1, 2, 3, 4].map((n) => cache.get(String(n), 0))).toEqual([1, undefined, 3, undefined])
  })
})
