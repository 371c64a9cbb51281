import { z } from 'zod'

/** The layout of thumbnails on sprites: row by row, sprite after sprite, one thumbnail for every `interval` seconds. */
export const StoryboardGrid = z.object({
  /** Seconds from one thumbnail to the next; the first is at time 0. */
  interval: z.number().positive(),
  /** Number of thumbnails; the rest of the last sprite is black. */
  count: z.number().int().positive(),
  columns: z.number().int().positive(),
  rows: z.number().int().positive(),
  /** Size of one thumbnail in pixels. */
  width: z.number().int().positive(),
  height: z.number().int().positive(),
})
export type StoryboardGrid = z.infer<typeof StoryboardGrid>

export const Storyboard = StoryboardGrid.extend({
  /** Storage folder of the sprites, inside the folder of the video. */
  folderKey: z.string(),
})
export type Storyboard = z.infer<typeof Storyboard>

export function spriteName(index: number): string {
  return `sprite-${index}.jpg`
}

export function spriteCount({ count, columns, rows }: StoryboardGrid): number {
  return Math.ceil(count / (columns * rows))
}

/** The place of thumbnail number `index`: the sprite, and the pixels from the sprite's top left corner. */
export function placeOf(index: number, { columns, rows, width, height }: StoryboardGrid) {
  const onSprite = index % (columns * rows)
  return {
    sprite: Math.floor(index / (columns * rows)),
    left: (onSprite % columns) * width,
    top: Math.floor(onSprite / columns) * height,
  }
}
