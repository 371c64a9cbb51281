import { boxesIn } from '../../src/mp4/boxes.ts'

/** A box of ISO/IEC 14496-12 with this content. */
export function box(type: string, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content)
  return Buffer.concat([u32(8 + body.length), Buffer.from(type, 'latin1'), body])
}

/** Replaces the content of every box at that path by the result of `change`, and corrects the sizes of the boxes around it. */
export function changeBox(file: Buffer, [type, ...rest]: string[], change: (body: Buffer) => Buffer): Buffer {
  const parts = [...boxesIn(file)].map((found) => {
    if (found.type !== type) return file.subarray(found.start, found.end)
    const body = file.subarray(found.body, found.end)
    return box(type, rest.length === 0 ? change(Buffer.from(body)) : changeBox(body, rest, change))
  })
  return Buffer.concat(parts)
}

export const SAMPLE_TABLE = ['moov', 'trak', 'mdia', 'minf', 'stbl']

/** Words of 32 bits, big-endian. */
export function u32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, index) => {
    bytes.writeUInt32BE(value, 4 * index)
  })
  return bytes
}
