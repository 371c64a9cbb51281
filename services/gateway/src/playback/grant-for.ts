import type { PlaybackGrant } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Request } from 'express'
import { z } from 'zod'
import type { Context } from '../context.ts'
import type { Caller } from '../http/admission.ts'

/** A playback token, or the id of a video. */
export const Reference = z.string().regex(/^[\w.~-]{1,1024}$/)

/** What the reference in the address may fetch. Throws what `Grants.find` throws. */
export async function grantFor(ctx: Context, req: Request, { call }: Caller): Promise<PlaybackGrant> {
  const reference = Reference.safeParse(req.params.reference)
  if (!reference.success) throw new AppError('VIDEO_NOT_FOUND')
  return await ctx.grants.find(reference.data, call)
}

/** What hangs on a token is for its holder alone; only what is played by the video's id never expires. */
export function scopeOf({ expiresAt }: PlaybackGrant): 'public' | 'private' {
  return expiresAt === null ? 'public' : 'private'
}
