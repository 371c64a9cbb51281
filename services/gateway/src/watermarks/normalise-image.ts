import { AppError } from '@kinora/common/errors'
import sharp, { type Sharp } from 'sharp'

/** Of the uploaded image; 64 MB of memory when it is decoded. */
const MAX_PIXELS = 16_000_000
/** Of the stored image, in pixels: enough for half the width of the largest video. */
const MAX_SIDE = 1024
const MAX_SECONDS = 10

export interface NormalisedImage {
  png: Buffer
  width: number
  height: number
}

/**
 * Converts a PNG, WebP or JPEG file to PNG: upright, sRGB with alpha, at most 1024 pixels a side, without metadata. Throws
 * `WATERMARK_INVALID` for a damaged file, another format, or more than 16 million pixels.
 */
export async function normaliseImage(bytes: Buffer): Promise<NormalisedImage> {
  if (!isAccepted(bytes)) throw invalid('The file is not a PNG, WebP or JPEG image')
  const image = sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: 'warning' })
  await assertSize(image)
  const normalised = image
    .timeout({ seconds: MAX_SECONDS })
    .autoOrient()
    .resize({ width: MAX_SIDE, height: MAX_SIDE, fit: 'inside', withoutEnlargement: true })
    .toColourspace('srgb')
    .ensureAlpha()
    .png()
  const { data, info } = await normalised.toBuffer({ resolveWithObject: true }).catch((error) => {
    throw invalid('The image is damaged', error)
  })
  return { png: data, width: info.width, height: info.height }
}

/** Reads the size from the header, before anything is decoded. */
async function assertSize(image: Sharp): Promise<void> {
  const { width, height } = await image.metadata().catch((error) => {
    throw invalid(`The image is damaged, or has more than ${MAX_PIXELS} pixels`, error)
  })
  if (width * height > MAX_PIXELS) throw invalid(`The image has more than ${MAX_PIXELS} pixels`)
}

/** Checks the first bytes before a decoder reads the file: formats such as SVG can do more than describe pixels. */
function isAccepted(bytes: Buffer): boolean {
  const start = bytes.toString('latin1', 0, 12)
  const isWebP = start.startsWith('RIFF') && start.endsWith('WEBP')
  return isWebP || start.startsWith('\x89PNG\r\n\x1a\n') || start.startsWith('\xff\xd8\xff')
}

function invalid(detail: string, cause?: unknown): AppError {
  return new AppError('WATERMARK_INVALID', { detail, cause })
}
