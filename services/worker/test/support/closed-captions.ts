/** Two bytes of CEA-608, for each frame that has some. */
type Codes = ReadonlyMap<number, readonly [number, number]>

/** Nothing is said in a frame. */
const PADDING = [0x80, 0x80] as const

/** Captions that pop on, each from its frame, until the screen is cleared at the frame `end` (CEA-608 section 6). */
export function popOnCaptions(texts: readonly { frame: number; text: string }[], end: number): Codes {
  const codes = new Map<number, readonly [number, number]>()
  for (const { frame, text } of texts) {
    // Loaded without being seen, the last row, the letters, and at the frame all shown at once.
    const all = [...control(0x20), ...control(0x70), ...letters(text), ...control(0x2f)]
    all.forEach((pair, index) => void codes.set(frame - all.length + 2 + index, pair))
  }
  control(0x2c).forEach((pair, index) => void codes.set(end + index, pair))
  return codes
}

/** Each is sent twice. */
function control(code: number): [number, number][] {
  const pair: [number, number] = [odd(0x14), odd(code)]
  return [pair, pair]
}

function letters(text: string): [number, number][] {
  const even = text.length % 2 === 0 ? text : `${text} `
  return (even.match(/../g) ?? []).map((two) => [odd(two.charCodeAt(0)), odd(two.charCodeAt(1))])
}

/** With the parity bit. */
function odd(code: number): number {
  const ones = code.toString(2).replaceAll('0', '').length
  return ones % 2 === 1 ? code : code | 0x80
}

/** H.264 with access unit delimiters and frames in order, with the codes of each frame in a message before it (ATSC A/53). */
export function withCodes(h264: Buffer, codes: Codes): Buffer {
  let frame = 0
  return splitAt(
    h264,
    (type) => (type & 0x1f) === 9,
    () => {
      const message = Buffer.concat([Buffer.from([0xb5, 0x00, 0x31]), captionData(codes.get(frame++))])
      return Buffer.concat([Buffer.from([0, 0, 0, 1, 6, 4, message.length]), message, Buffer.from([0x80])])
    },
  )
}

/** The same of MPEG-2, in user data behind the header of each picture. */
export function withUserData(mpeg2: Buffer, codes: Codes): Buffer {
  let frame = 0
  const isPicture = (type: number, next: number) => type === 0xb5 && next >> 4 === 8
  return splitAt(mpeg2, isPicture, () => Buffer.concat([Buffer.from([0, 0, 1, 0xb2]), captionData(codes.get(frame++))]))
}

function captionData(pair: readonly [number, number] = PADDING): Buffer {
  return Buffer.concat([Buffer.from('GA94'), Buffer.from([3, 0xc1, 0xff, 0xfc, ...pair, 0xff])])
}

/** Adds something behind each part whose start code is followed by such bytes. */
function splitAt(stream: Buffer, wants: (type: number, next: number) => boolean, added: () => Buffer): Buffer {
  const start = Buffer.from([0, 0, 1])
  const parts: Buffer[] = []
  for (let at = stream.indexOf(start); at !== -1; ) {
    const next = stream.indexOf(start, at + 3)
    const part = stream.subarray(at, next === -1 ? undefined : next)
    parts.push(part)
    if (wants(part[3] ?? 0, part[4] ?? 0)) parts.push(added())
    at = next
  }
  return Buffer.concat(parts)
}
