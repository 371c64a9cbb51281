import type { Sharp } from 'sharp'

export const PICTURE_TYPES = { jpg: 'image/jpeg', webp: 'image/webp', avif: 'image/avif' } as const
export type PictureFormat = keyof typeof PICTURE_TYPES

export async function encodePicture(picture: Sharp, format: PictureFormat): Promise<Buffer> {
  const quality = format === 'avif' ? 50 : 78
  return await picture.toFormat(format === 'jpg' ? 'jpeg' : format, { quality }).toBuffer()
}
