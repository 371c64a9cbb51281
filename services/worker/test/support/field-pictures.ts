import { writeFile } from 'node:fs/promises'

const START_CODE = [0, 0, 0, 1]
const SIDE = 64
const BLOCKS = SIDE / 16

/**
 * Writes an H.264 stream whose fields are coded as pictures of their own (PAFF, ITU-T H.264 section 7.3.3), which ffmpeg
 * cannot encode: a bright bar that moves by a pixel with each of `fields` fields. Every block has its samples as they are
 * (I_PCM).
 */
export async function writeFieldPictures(path: string, fields: number): Promise<string> {
  const units = [unit(0x67, sequenceParameters()), unit(0x68, pictureParameters())]
  for (let field = 0; field < fields; field += 1)
    units.push(unit(9, [0xf0]), unit(field === 0 ? 0x65 : 0x61, slice(field)))
  await writeFile(path, Buffer.concat(units))
  return path
}

/** With the bytes that keep start codes out of a unit (section 7.4.1). */
function unit(header: number, payload: readonly number[]): Buffer {
  const bytes = [...START_CODE, header]
  let zeros = 0
  for (const byte of payload) {
    if (zeros >= 2 && byte <= 3) {
      bytes.push(3)
      zeros = 0
    }
    bytes.push(byte)
    zeros = byte === 0 ? zeros + 1 : 0
  }
  return Buffer.from(bytes)
}

class Bits {
  readonly #bits: number[] = []

  fixed(length: number, value: number): this {
    for (let bit = length - 1; bit >= 0; bit -= 1) this.#bits.push((value >>> bit) & 1)
    return this
  }

  /** Exp-Golomb codes (section 9.1). */
  codes(...values: number[]): this {
    for (const value of values) {
      const digits = (value + 1).toString(2)
      this.fixed(digits.length - 1, 0).fixed(digits.length, value + 1)
    }
    return this
  }

  align(bit: number): this {
    while (this.#bits.length % 8 !== 0) this.#bits.push(bit)
    return this
  }

  bytes(): number[] {
    const { length } = this.#bits
    return Array.from({ length: length / 8 }, (_, at) =>
      Number.parseInt(this.#bits.slice(at * 8, at * 8 + 8).join(''), 2),
    )
  }
}

function sequenceParameters(): number[] {
  const bits = new Bits().fixed(8, 77).fixed(8, 0).fixed(8, 30)
  // Frame numbers and picture orders of 8 bits, one reference; sizes in blocks, the height in those of a field.
  bits
    .codes(0, 4, 0, 4, 1)
    .fixed(1, 0)
    .codes(BLOCKS - 1, BLOCKS / 2 - 1)
  // Not frames only, not adaptive by block, direct inference, no cropping; parameters for display follow.
  bits.fixed(1, 0).fixed(1, 0).fixed(1, 1).fixed(1, 0).fixed(1, 1)
  // Only timing: 50 fields a second, constant.
  bits.fixed(4, 0).fixed(1, 1).fixed(32, 1).fixed(32, 50).fixed(1, 1).fixed(4, 0)
  return bits.fixed(1, 1).align(0).bytes()
}

function pictureParameters(): number[] {
  const bits = new Bits().codes(0, 0).fixed(2, 0).codes(0, 0, 0).fixed(3, 0).codes(0, 0, 0).fixed(3, 0)
  return bits.fixed(1, 1).align(0).bytes()
}

function slice(field: number): number[] {
  const [frame, bottom] = [Math.floor(field / 2), field % 2]
  const bits = new Bits()
    .codes(0, 7, 0)
    .fixed(8, frame % 256)
    .fixed(1, 1)
    .fixed(1, bottom)
  if (field === 0) bits.codes(0)
  bits
    .fixed(8, field % 256)
    .fixed(field === 0 ? 2 : 1, 0)
    .codes(0)
  for (let block = 0; block < (BLOCKS * BLOCKS) / 2; block += 1) {
    bits.codes(25).align(0)
    for (let sample = 0; sample < 256; sample += 1) bits.fixed(8, luma((block % BLOCKS) * 16 + (sample % 16), field))
    for (let sample = 0; sample < 128; sample += 1) bits.fixed(8, 128)
  }
  return bits.fixed(1, 1).align(0).bytes()
}

function luma(column: number, field: number): number {
  return (column + SIDE * field - field) % SIDE < 16 ? 220 : 40
}
