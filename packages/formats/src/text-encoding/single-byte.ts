/** Of windows-1252, the characters of 0x80 to 0x9F. Some releases of Node decode them as control characters. */
const FROM_80 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'
const C1 = /[\u0080-\u009f]/g

/** Decodes in the encoding with this name for `TextDecoder`; U+FFFD for bytes that it does not have. */
export function decodeBytes(bytes: Uint8Array, encoding: string): string {
  if (encoding !== 'windows-1252') return new TextDecoder(encoding, { ignoreBOM: true }).decode(bytes)
  const latin1 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  return latin1.replace(C1, (control) => FROM_80[control.charCodeAt(0) - 0x80] ?? control)
}
