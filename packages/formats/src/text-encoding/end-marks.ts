const [NUL, LF, CR, DOS_END] = [0x00, 0x0a, 0x0d, 0x1a]

/**
 * The length of a text without NUL and the Ctrl-Z of DOS behind its end, which may have empty lines between them.
 * @param codeAt the character code or byte at an index
 */
export function endOfText(length: number, codeAt: (index: number) => number | undefined): number {
  let end = length
  for (let at = length; at > 0; at -= 1) {
    const code = codeAt(at - 1)
    if (code === NUL || code === DOS_END) end = at - 1
    else if (code !== LF && code !== CR) break
  }
  return end
}
