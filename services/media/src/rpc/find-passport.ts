import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { assertOwner } from '../domain/visibility.ts'
import { findVideo } from '../repositories/videos.ts'

export function findPassport({ db }: Context): Handler<typeof media.findPassport> {
  return async ({ videoId }, { actor }) => {
    const video = await findVideo(db, videoId)
    if (!video) throw new AppError('VIDEO_NOT_FOUND')
    assertOwner(actor, video)
    const { passport_key: storageKey, passport_sha256: sha256 } = video
    if (storageKey === null || sha256 === null) throw new AppError('PASSPORT_NOT_READY')
    return { storageKey, sha256 }
  }
}
