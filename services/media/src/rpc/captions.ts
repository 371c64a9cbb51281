import { randomUUID } from 'node:crypto'
import type { Actor, Handler } from '@kinora/common/contract'
import type { Captions, media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import type { StoredCaptions, StoredChapters, VideoPlan } from '../db/stored.ts'
import { languageName, languageTag, readCaptions } from '../domain/captions.ts'
import { assertWithin } from '../domain/clip.ts'
import { captionsFile, renderCaptions } from '../domain/timed-text.ts'
import { assertOwner, maySee } from '../domain/visibility.ts'
import { changePresented } from '../operations/change-video.ts'
import { retireCaptions, retireChapters, setCaptions, setChapters } from '../repositories/timed-texts.ts'
import { findVideo } from '../repositories/videos.ts'

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

export function listCaptions(ctx: Context): Handler<typeof media.listCaptions> {
  return async ({ videoId }, { actor }) => {
    const video = await findVideo(ctx.db, videoId)
    if (!video || !maySee(actor, video)) throw new AppError('VIDEO_NOT_FOUND')
    // Bounded by the languages of one video: one page holds it all.
    return { items: video.captions.map(asCaptions), nextCursor: null }
  }
}

function asCaptions({ lang, label, cues, createdAt }: StoredCaptions): Captions {
  return { lang, label, cues, createdAt }
}

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

export function putChapters(ctx: Context): Handler<typeof media.putChapters> {
  return async ({ videoId, chapters }, { actor }) => {
    await replace(ctx, videoId, actor, { id: randomUUID(), items: chapters })
    return { chapters }
  }
}

export function getChapters(ctx: Context): Handler<typeof media.getChapters> {
  return async ({ videoId }, { actor }) => {
    const video = await findVideo(ctx.db, videoId)
    if (!video || !maySee(actor, video)) throw new AppError('VIDEO_NOT_FOUND')
    return { chapters: video.chapters?.items ?? [] }
  }
}

export function deleteChapters(ctx: Context): Handler<typeof media.deleteChapters> {
  return async ({ videoId }, { actor }) => {
    await replace(ctx, videoId, actor, null)
    return {}
  }
}

async function replace(ctx: Context, videoId: string, actor: Actor, chapters: StoredChapters | null): Promise<void> {
  const changed = await changePresented(ctx, videoId, async (tx, video) => {
    assertOwner(actor, video)
    // Before the probe nobody knows how long it is: what lies behind the end is then left out of what players get.
    if (video.plan && chapters) assertStartWithin(video.plan, chapters)
    if (video.chapters) await retireChapters(tx, videoId, video.chapters)
    await setChapters(tx, videoId, chapters)
  })
  if (!changed) throw new AppError('VIDEO_NOT_FOUND')
}

function assertStartWithin(plan: VideoPlan, { items }: StoredChapters): void {
  for (const [index, { start }] of items.entries()) assertWithin(plan, `chapters.${index}.start`, start)
}
