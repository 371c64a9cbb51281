/** An element of EBML (RFC 8794): id, size in eight bytes, content. */
export function element(id: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content)
  const size = Buffer.alloc(8)
  size.writeBigUInt64BE(BigInt(body.length) | (1n << 56n))
  return Buffer.concat([Buffer.from(id.toString(16), 'hex'), size, body])
}

function unsigned(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}

export const EBML_HEADER = element(0x1a45dfa3, element(0x4282, Buffer.from('matroska')))

/** A Matroska file (RFC 9559) of one track of MJPEG whose blocks are compressed by zlib. */
export function zlibMatroska(blocks: Buffer[], codecPrivate = Buffer.alloc(0)): Buffer {
  const compression = element(0x5034, element(0x4254, unsigned(0)))
  const encodings = element(0x6d80, element(0x6240, element(0x5032, unsigned(3)), compression))
  const size = element(0xe0, element(0xb0, unsigned(320)), element(0xba, unsigned(180)))
  const track = element(
    0xae,
    ...[element(0xd7, unsigned(1)), element(0x73c5, unsigned(1)), element(0x83, unsigned(1))],
    ...[element(0x86, Buffer.from('V_MJPEG')), element(0x63a2, codecPrivate), size, encodings],
  )
  const simple = blocks.map((block, index) => {
    const time = Buffer.from([0x81, 0, 0, 0x80])
    time.writeInt16BE(index * 40, 1)
    return element(0xa3, time, block)
  })
  const info = element(0x1549a966, element(0x2ad7b1, unsigned(1_000_000)))
  const cluster = element(0x1f43b675, element(0xe7, unsigned(0)), ...simple)
  return Buffer.concat([EBML_HEADER, element(0x18538067, info, element(0x1654ae6b, track), cluster)])
}
