import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { languageTag } from '../domain/language-tag.ts'
import { assertOwner } from '../domain/visibility.ts'
import { changePresented } from '../operations/change-video.ts'
import { retireCaptions, setCaptions } from '../repositories/timed-texts.ts'

export function deleteCaptions(ctx: Context): Handler<typeof media.deleteCaptions> {
  return async ({ videoId, lang }, { actor }) => {
    const changed = await changePresented(ctx, videoId, async (tx, video) => {
      assertOwner(actor, video)
      const tag = languageTag(lang)
      const before = video.captions.find((captions) => captions.lang === tag)
      if (!before) throw new AppError('CAPTIONS_NOT_FOUND')
      await retireCaptions(tx, videoId, before)
      const others = video.captions.filter((captions) => captions !== before)
      await setCaptions(tx, videoId, others)
    })
    if (!changed) throw new AppError('VIDEO_NOT_FOUND')
    return {}
  }
}
