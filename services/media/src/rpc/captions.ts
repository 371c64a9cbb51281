import { randomUUID } from 'node:crypto'
import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import { readCaptions } from '../domain/captions.ts'
import { languageName, languageTag } from '../domain/language-tag.ts'
import { captionsFile, renderCaptions, type StoredCaptions } from '../domain/timed-text.ts'
import { assertOwner } from '../domain/visibility.ts'
import { changePresented } from '../operations/change-video.ts'
import { retireCaptions, setCaptions } from '../repositories/timed-texts.ts'
import { findVideo } from '../repositories/videos.ts'
import { asCaptions } from './list-captions.ts'

/** Of one video. */
const MAX_LANGUAGES = 50

/** What is kept is written anew from what was understood, so nothing else of the file reaches a viewer. */
export function putCaptions(ctx: Context): Handler<typeof media.putCaptions> {
  return async ({ videoId, lang, label, text }, { actor }) => {
    const found = await findVideo(ctx.db, videoId)
    if (!found) throw new AppError('VIDEO_NOT_FOUND')
    assertOwner(actor, found)
    const tag = languageTag(lang)
    const cues = readCaptions(text)
    const captions: StoredCaptions = {
      id: randomUUID(),
      lang: tag,
      label: label ?? languageName(tag),
      cues: cues.length,
      createdAt: new Date().toISOString(),
    }
    const changed = await changePresented(ctx, videoId, async (tx, video) => {
      const others = video.captions.filter((other) => other.lang !== tag)
      if (others.length >= MAX_LANGUAGES) throw new AppError('CAPTIONS_LIMIT_REACHED')
      await ctx.store.put(keys.playlist(videoId, captionsFile(captions.id)), renderCaptions(cues))
      for (const before of video.captions) if (before.lang === tag) await retireCaptions(tx, videoId, before)
      await setCaptions(tx, videoId, [...others, captions])
    })
    if (!changed) throw new AppError('VIDEO_NOT_FOUND')
    return asCaptions(captions)
  }
}
