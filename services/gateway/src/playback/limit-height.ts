const RESOLUTION = /[:,]RESOLUTION=(\d+)x(\d+)/

/**
 * A master playlist without the variants that are larger than `maxHeight` by their short side (RFC 8216 section 4.3.4).
 * @returns null when no picture is left
 */
export function limitHeight(master: string, maxHeight: number): string | null {
  const kept: string[] = []
  let pictures = 0
  let dropUri = false
  for (const line of master.split('\n')) {
    const isVariant = line.startsWith('#EXT-X-STREAM-INF:')
    if (dropUri && line !== '' && !line.startsWith('#')) {
      dropUri = false
      continue
    }
    if ((isVariant || line.startsWith('#EXT-X-I-FRAME-STREAM-INF:')) && shortSide(line) > maxHeight) {
      // The address of a variant stands on the next line; that of an I-frame playlist is an attribute.
      dropUri = isVariant
      continue
    }
    if (isVariant && RESOLUTION.test(line)) pictures += 1
    kept.push(line)
  }
  return pictures === 0 ? null : kept.join('\n')
}

function shortSide(line: string): number {
  const [, width, height] = RESOLUTION.exec(line) ?? []
  return Math.min(Number(width ?? 0), Number(height ?? 0))
}
