import { z } from 'zod'

/** How small pictures of a video lie on sprites: row by row, sprite after sprite, each standing for `interval` seconds. */
export const StoryboardGrid = z.object({
  /** Seconds from one picture to the next; the first one is that of time 0. */
  interval: z.number().positive(),
  /** Pictures in all; what is left of the last sprite is black. */
  count: z.number().int().positive(),
  columns: z.number().int().positive(),
  rows: z.number().int().positive(),
  /** Pixels of one picture. */
  width: z.number().int().positive(),
  height: z.number().int().positive(),
})
export type StoryboardGrid = z.infer<typeof StoryboardGrid>

export const Storyboard = StoryboardGrid.extend({
  /** Storage folder of the sprites, which lies in that of the video. */
  folderKey: z.string(),
})
export type Storyboard = z.infer<typeof Storyboard>

export function spriteName(index: number): string {
  return `sprite-${index}.jpg`
}

export function spriteCount({ count, columns, rows }: StoryboardGrid): number {
  return Math.ceil(count / (columns * rows))
}

/** Where picture number `index` lies: on which sprite, and how many pixels from its top left corner. */
export function placeOf(index: number, { columns, rows, width, height }: StoryboardGrid) {
  const onSprite = index % (columns * rows)
  return {
    sprite: Math.floor(index / (columns * rows)),
    left: (onSprite % columns) * width,
    top: Math.floor(onSprite / columns) * height,
  }
}
