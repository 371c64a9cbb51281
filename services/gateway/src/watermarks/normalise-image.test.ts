import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { normaliseImage } from './normalise-image.ts'

function image(width: number, height: number) {
  return sharp({ create: { width, height, channels: 4, background: { r: 255, g: 0, b: 0, alpha: 0.5 } } })
}

describe('the image of a watermark', () => {
  it.each(['png', 'webp', 'jpeg'] as const)('in %s is stored as PNG with transparency', async (format) => {
    const { png, width, height } = await normaliseImage(await image(60, 40).toFormat(format).toBuffer())
    expect({ width, height }).toEqual({ width: 60, height: 40 })
    expect(await sharp(png).metadata()).toMatchObject({
      format: 'png',
      channels: 4,
      space: 'srgb',
      width: 60,
      height: 40,
    })
  })

  it('is upright, has 1024 pixels a side at most and no metadata', async () => {
    const taken = await image(2000, 1000)
      .withExif({ IFD0: { Copyright: 'somebody' } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer()
    const { png, width, height } = await normaliseImage(taken)
    expect({ width, height }).toEqual({ width: 512, height: 1024 })
    const { exif, orientation } = await sharp(png).metadata()
    expect({ exif, orientation }).toEqual({ exif: undefined, orientation: undefined })
  })

  it('in greyscale is converted to sRGB', async () => {
    const grey = await image(8, 8).removeAlpha().greyscale().png().toBuffer()
    expect(await sharp((await normaliseImage(grey)).png).metadata()).toMatchObject({ channels: 4, space: 'srgb' })
  })

  it('with too many pixels is refused by its header', async () => {
    // A few bytes whose header announces 900 million pixels.
    const png = await image(1, 1).png().toBuffer()
    png.writeUInt32BE(30_000, 16)
    png.writeUInt32BE(30_000, 20)
    await expect(normaliseImage(png)).rejects.toMatchObject({ code: 'WATERMARK_INVALID' })
    const flat = await sharp({ create: { width: 4097, height: 4096, channels: 3, background: 'black' } })
      .png({ compressionLevel: 1 })
      .toBuffer()
    await expect(normaliseImage(flat)).rejects.toMatchObject({ code: 'WATERMARK_INVALID' })
  })

  it('that is damaged is refused', async () => {
    const noise = sharp({
      create: {
        width: 200,
        height: 200,
        channels: 3,
        background: 'grey',
        noise: { type: 'gaussian', mean: 128, sigma: 30 },
      },
    })
    for (const format of ['png', 'webp', 'jpeg'] as const) {
      const bytes = await noise.toFormat(format).toBuffer()
      const cut = normaliseImage(bytes.subarray(0, bytes.length / 2))
      await expect(cut, format).rejects.toMatchObject({ code: 'WATERMARK_INVALID' })
    }
  })

  it.each([
    ['nothing', ''],
    ['text', 'no image'],
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'],
    ['GIF', Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')],
  ])('that is %s is refused', async (_, bytes) => {
    await expect(normaliseImage(Buffer.from(bytes))).rejects.toMatchObject({ code: 'WATERMARK_INVALID' })
  })
})
