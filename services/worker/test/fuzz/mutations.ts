/** A sequence of numbers in [0, 1) that depends only on the seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Numbers at which counts and sizes break. */
const EDGES = [0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff]

/** A copy with a few bytes changed, words replaced, parts doubled, removed or moved; mostly near the start. */
export function mutate(good: Buffer, random: () => number): Buffer {
  let bytes = Buffer.from(good)
  const below = (limit: number) => Math.floor(random() * limit)
  // Headers and indexes are near the start.
  const place = () => (random() < 0.7 ? below(Math.min(bytes.length, 3000)) : below(bytes.length))
  for (let left = 1 + below(8); left > 0; left -= 1) {
    const at = place()
    const part = bytes.subarray(at, at + 1 + below(400))
    const kind = below(6)
    if (kind <= 1) bytes[at] = below(256)
    else if (kind === 2) bytes.writeUInt32BE(EDGES[below(EDGES.length)] ?? 0, Math.min(at, bytes.length - 4))
    else if (kind === 3) bytes = Buffer.concat([bytes.subarray(0, at), part, bytes.subarray(at)])
    else if (kind === 4) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + part.length)])
    else part.copy(bytes, place())
  }
  return bytes
}
