import { type Box, boxesIn } from '@kinora/hls-check/mp4'

/** Many times what any box of an index holds; a few megabytes can hold a million empty ones. */
const MAX_BOXES = 1000

/** The boxes right inside another that begin `skip` bytes after its header. Throws `RangeError` when they are too many. */
export function innerBoxes(buffer: Buffer, parent: Box, skip = 0): Box[] {
  const boxes: Box[] = []
  for (const box of boxesIn(buffer, parent.body + skip, parent.end)) {
    if (boxes.length === MAX_BOXES) throw new RangeError(`more than ${MAX_BOXES} boxes in a ${parent.type} box`)
    boxes.push(box)
  }
  return boxes
}

/** The only box of that path, such as `['mdia', 'minf']`. Throws `RangeError` when there is none, or more than one. */
export function onlyBox(buffer: Buffer, parent: Box, [type, ...rest]: string[]): Box {
  const [box, ...others] = innerBoxes(buffer, parent).filter((inner) => inner.type === type)
  if (!box || others.length > 0) throw new RangeError(`not one ${type} box in a ${parent.type} box`)
  return rest.length === 0 ? box : onlyBox(buffer, box, rest)
}

/** The same, where there need not be any. */
export function optionalBox(buffer: Buffer, parent: Box, path: string[]): Box | undefined {
  return innerBoxes(buffer, parent).some(({ type }) => type === path[0]) ? onlyBox(buffer, parent, path) : undefined
}
