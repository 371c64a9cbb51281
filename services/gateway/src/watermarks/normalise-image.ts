import { AppError } from '@kinora/common/errors'
import sharp, { type Sharp } from 'sharp'

/** Of a picture as it comes: 64 MB when it is unpacked. */
const MAX_PIXELS = 4096 * 4096
/** Of a picture as it is kept: enough for half the width of the largest video. */
const MAX_SIDE = 1024
const MAX_SECONDS = 30

export interface KeptPicture {
  png: Buffer
  width: number
  height: number
}

/**
 * Makes of PNG, WebP or JPEG what is kept of it: upright RGBA in PNG, as large as may be needed, and nothing else that stood
 * in the file. Throws `WATERMARK_INVALID` for what is broken, another format, or unpacks to more than is allowed.
 */
export async function normaliseImage(bytes: Buffer): Promise<KeptPicture> {
  if (!isOffered(bytes)) throw invalid('The file is not a picture in PNG, WebP or JPEG')
  const picture = sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: 'warning' })
  await assertSize(picture)
  const kept = picture
    .timeout({ seconds: MAX_SECONDS })
    .autoOrient()
    .resize({ width: MAX_SIDE, height: MAX_SIDE, fit: 'inside', withoutEnlargement: true })
    .toColourspace('srgb')
    .ensureAlpha()
    .png()
  const { data, info } = await kept.toBuffer({ resolveWithObject: true }).catch((error) => {
    throw invalid('The picture is damaged', error)
  })
  return { png: data, width: info.width, height: info.height }
}

/** From the header: nothing is unpacked for it. */
async function assertSize(picture: Sharp): Promise<void> {
  const { width, height } = await picture.metadata().catch((error) => {
    throw invalid(`The picture is damaged, or has more than ${MAX_PIXELS} pixels`, error)
  })
  if (width * height > MAX_PIXELS) throw invalid(`The picture has more than ${MAX_PIXELS} pixels`)
}

/** By their first bytes, before any decoder sees them: others, SVG among them, can do more than be looked at. */
function isOffered(bytes: Buffer): boolean {
  const start = bytes.toString('latin1', 0, 12)
  const isWebP = start.startsWith('RIFF') && start.endsWith('WEBP')
  return isWebP || start.startsWith('\x89PNG\r\n\x1a\n') || start.startsWith('\xff\xd8\xff')
}

function invalid(detail: string, cause?: unknown): AppError {
  return new AppError('WATERMARK_INVALID', { detail, cause })
}
