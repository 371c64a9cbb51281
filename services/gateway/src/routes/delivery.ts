import { Id } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import type { Request, Response } from 'express'
import { z } from 'zod'
import type { Context } from '../context.ts'
import { addressKey, clientAddress } from '../http/client-address.ts'
import type { DeliveryAddress } from '../playback/delivery-addresses.ts'
import { heightOf, playedFile, versionFolder } from '../playback/played-file.ts'
import { isFromCache, isHandedOver, sendStoredFile } from '../playback/send-stored-file.ts'
import { FILE_ERRORS, fileAnswers, type HandRoute, tagged } from './route.ts'

const Params = z.strictObject({
  videoId: Id.meta({ description: 'Id of the video.' }),
  address: z.string().meta({
    description: 'What the address opens and until when, signed; playlists have it.',
    example: 'all-0-1796140800-QmqmSLtzUOBMiYBcONWJMg',
  }),
  file: z.string().meta({
    description: 'Path of the file, as a playlist names it.',
    example: '01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55-1/720p/3.m4s',
  }),
})

/** Files that are the same for all viewers of a scope, at addresses that shared caches may keep until they expire. */
export const delivery = tagged('Playback', [
  {
    method: 'get',
    auth: 'none',
    // Counted in the handler: what a cache keeps must not have the headers of one caller.
    limit: 'none',
    path: '/v/:videoId/:address/*file',
    name: 'getDeliveredFile',
    summary: 'Get a segment, a picture of the storyboard, or captions',
    description:
      'At the address that a playlist or storyboard names: it is the same for all viewers of a video who may see the same renditions, so any cache can keep the file until the address expires.',
    params: Params,
    answers: fileAnswers('The file', { 'video/mp4': 'binary', 'image/jpeg': 'binary', 'text/vtt': 'text' }, [
      'Cache-Tag',
      'Surrogate-Key',
    ]),
    errors: [
      'PLAYBACK_DENIED',
      'PLAYBACK_DOMAIN_NOT_ALLOWED',
      'RATE_LIMITED',
      'DEPENDENCY_UNAVAILABLE',
      ...FILE_ERRORS,
    ],
    handle: sendDelivered,
  },
  {
    method: 'get',
    auth: 'none',
    limit: 'none',
    path: '/v-check/:videoId/:address/:rendition',
    name: 'checkDelivery',
    summary: 'Check whether a cache may deliver what it has',
    description:
      'For caches that ask before each answer, such as the nginx that comes with Kinora: whether the address is valid now, and reaches the rendition.',
    params: Params.omit({ file: true }).extend({
      rendition: z
        .string()
        .meta({ description: 'Name of the rendition; `none` for audio, pictures and captions.', example: '720p' }),
    }),
    answers: {
      204: { description: 'It may. Cache-Control is what the file is to be sent with', headers: ['Cache-Control'] },
    },
    errors: ['PLAYBACK_DENIED', 'PLAYBACK_DOMAIN_NOT_ALLOWED', 'RATE_LIMITED', 'DEPENDENCY_UNAVAILABLE'],
    handle: checkDelivery,
  },
])

function sendDelivered(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res) => {
    await admit(ctx, req, res)
    const { file: path = [] } = req.params as { file?: string[] }
    const address = await openedBy(ctx, req)
    const file = playedFile(path.join('/'))
    if (file?.kind !== 'segment') throw new AppError('FILE_NOT_FOUND')
    assertReaches(address, file.height)
    const tag = `video-${address.videoId}`
    res.setHeader('Cache-Tag', tag)
    res.setHeader('Surrogate-Key', tag)
    await sendStoredFile(req, res, ctx, {
      key: keys.playlist(versionFolder(address.videoId, file.version), file.path),
      contentType: file.contentType,
      scope: 'public',
      caching: untilExpiry(address),
      // Caches fetch for many viewers.
      traffic: ctx.config.DELIVERY_SECRET === undefined ? 'playback' : null,
      handOver: isHandedOver(req, ctx.config.DELIVERY_SECRET),
    })
  }
}

function checkDelivery(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res) => {
    await admit(ctx, req, res)
    const address = await openedBy(ctx, req)
    assertReaches(address, heightOf(String(req.params.rendition)))
    res.setHeader('Cache-Control', untilExpiry(address))
    res.status(204).end()
  }
}

/** Caches ask for many viewers, and are not counted. */
async function admit(ctx: Context, req: Request, res: Response): Promise<void> {
  const { DELIVERY_SECRET } = ctx.config
  if (!isFromCache(req, DELIVERY_SECRET, true)) {
    throw new AppError('PLAYBACK_DENIED', { detail: 'Files are delivered by the cache in front of this server' })
  }
  if (DELIVERY_SECRET !== undefined) return
  await ctx.admission.count(res, { rule: 'playback', key: addressKey(clientAddress(req)) })
  for (const name of ['RateLimit', 'RateLimit-Policy']) res.removeHeader(name)
}

/** Throws `PLAYBACK_DENIED` and `PLAYBACK_DOMAIN_NOT_ALLOWED`, which no cache keeps. */
async function openedBy(ctx: Context, req: Request): Promise<DeliveryAddress> {
  const { addresses, playbackRevocations, config } = ctx
  const { params } = req
  const videoId = String(params.videoId)
  const address = addresses.read(videoId, String(params.address))
  if (!address) throw new AppError('PLAYBACK_DENIED', { detail: 'This address is not valid, or has expired' })
  playbackRevocations.assertKnown(config.OFFLINE_PLAYBACK_SECONDS * 1000)
  if (address.epoch < playbackRevocations.lowestEpoch(videoId)) {
    throw new AppError('PLAYBACK_DENIED', { detail: 'The delivery of this video was revoked' })
  }
  await ctx.allowedDomains.assertMayPlay(req, videoId)
  return address
}

function assertReaches({ maxHeight }: DeliveryAddress, height: number | null): void {
  if (height === null || maxHeight === null || height <= maxHeight) return
  throw new AppError('PLAYBACK_DENIED', { detail: 'This address does not reach this rendition' })
}

function untilExpiry({ expiresAt }: DeliveryAddress): string {
  return `public, max-age=${Math.max(0, Math.floor(expiresAt - Date.now() / 1000))}, immutable`
}
