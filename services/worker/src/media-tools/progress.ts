/** Reads ffmpeg's `-progress`, lines of `key=value`: how many pictures the first output has. */
export function followFrames(onFrame: (frame: number) => void): (line: string) => void {
  return (line) => {
    const [key, value] = line.split('=', 2)
    if (key === 'frame' && Number.isInteger(Number(value))) onFrame(Number(value))
  }
}
