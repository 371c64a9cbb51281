/** What engines take: mono, 16 bits, this many samples a second. */
export const SPEECH_RATE = 16_000
const BYTES = 2

/** The end of a piece is looked for in this many seconds before its greatest length. */
const SEARCH_SECONDS = 20
const WINDOW = SPEECH_RATE / 10

/** Samples of 16 bits from `start` on, at most `seconds` of them, which end in a quiet moment. */
export interface Piece {
  samples: Buffer
  seconds: number
  ended: boolean
}

/**
 * Cuts a piece so that no word is in two pieces, as far as possible: at the quietest tenth of a second near its end. Where
 * little more than a piece is left, it takes all.
 * @param pcm samples from the start of the piece on; all that are left, or more than the piece may have
 */
export function cutPiece(pcm: Buffer, seconds: number): Piece {
  const most = Math.floor(seconds * SPEECH_RATE)
  const count = Math.floor(pcm.length / BYTES)
  if (count <= most) return pieceOf(pcm, count, true)
  const first = Math.max(Math.ceil(most / 2), most - SEARCH_SECONDS * SPEECH_RATE)
  let [quietest, end] = [Number.POSITIVE_INFINITY, most]
  for (let at = first; at + WINDOW <= most; at += WINDOW) {
    const loudness = loudnessOf(pcm, at)
    // Of equally quiet moments the last one, so that pieces are long.
    if (loudness <= quietest) [quietest, end] = [loudness, at + WINDOW / 2]
  }
  return pieceOf(pcm, end, false)
}

function pieceOf(pcm: Buffer, count: number, ended: boolean): Piece {
  return { samples: pcm.subarray(0, count * BYTES), seconds: count / SPEECH_RATE, ended }
}

function loudnessOf(pcm: Buffer, from: number): number {
  let sum = 0
  for (let at = from; at < from + WINDOW; at += 1) sum += Math.abs(pcm.readInt16LE(at * BYTES))
  return sum
}

/** A WAV file of these samples. The header is ours, so engines never parse one that a file has brought. */
export function wavOf(samples: Buffer): Buffer {
  const header = Buffer.alloc(44)
  header.write('RIFF', 0)
  header.writeUInt32LE(36 + samples.length, 4)
  header.write('WAVEfmt ', 8)
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(1, 20)
  header.writeUInt16LE(1, 22)
  header.writeUInt32LE(SPEECH_RATE, 24)
  header.writeUInt32LE(SPEECH_RATE * BYTES, 28)
  header.writeUInt16LE(BYTES, 32)
  header.writeUInt16LE(8 * BYTES, 34)
  header.write('data', 36)
  header.writeUInt32LE(samples.length, 40)
  return Buffer.concat([header, samples])
}
