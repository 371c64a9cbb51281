/** Reads ffmpeg's `-progress`: lines of `key=value`, a block about every half second. */
export function followProgress(on: {
  frame?: ((frame: number) => void) | undefined
  seconds?: ((seconds: number) => void) | undefined
}): (line: string) => void {
  return (line) => {
    const [key, value] = line.split('=', 2)
    const number = Number(value)
    if (!Number.isFinite(number)) return
    if (key === 'frame') on.frame?.(number)
    if (key === 'out_time_us') on.seconds?.(number / 1e6)
  }
}
