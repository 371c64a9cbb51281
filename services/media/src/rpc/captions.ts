import { randomUUID } from 'node:crypto'
import type { Call, Handler } from '@kinora/common/contract'
import type { Captions, media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import type { StoredCaptions, StoredChapters, VideoPlan } from '../db/stored.ts'
import { assertWithin } from '../domain/clip.ts'
import { languageName, languageTag } from '../domain/languages.ts'
import { captionsFile, MAX_CAPTION_LANGUAGES, parseCaptions, renderCaptions } from '../domain/timed-text.ts'
import { folderOf } from '../domain/video-facts.ts'
import { changeTimedText } from '../operations/change-video.ts'
import { assertQuotaFor, assertQuotaKept } from '../operations/limits.ts'
import { retireCaptions, retireChapters, setCaptions, setChapters } from '../repositories/timed-texts.ts'
import { byEditor, byViewer, changeOwnVideo } from './guards.ts'

/** Stores a rendering of the parsed cues, so that nothing else of the file reaches a viewer. */
export function putCaptions(ctx: Context): Handler<typeof media.putCaptions> {
  return byEditor<typeof media.putCaptions>(ctx, async ({ videoId, lang, label, text }, found, call) => {
    const { project_id: projectId } = found
    const tag = languageTag(lang)
    const { cues, warnings } = await parseCaptions(text)
    const file = Buffer.from(renderCaptions(cues))
    const captions: StoredCaptions = {
      id: randomUUID(),
      lang: tag,
      label: label ?? languageName(tag),
      cues: cues.length,
      bytes: file.length,
      createdAt: ctx.now().toISOString(),
    }
    const keyIn = (folder: string) => keys.playlist(folder, captionsFile(captions.id))
    const key = keyIn(folderOf(found))
    await assertQuotaFor(ctx, projectId, file.length)
    // Outside the transaction: a slow store must hold no connection of the database, and not the owner's quota.
    await ctx.store.put(key, file)
    await changeOwnVideo(
      ctx,
      videoId,
      call,
      async (tx, video) => {
        // The source was replaced meanwhile.
        if (keyIn(folderOf(video)) !== key) await ctx.store.put(keyIn(folderOf(video)), file)
        const others = video.captions.filter((other) => other.lang !== tag)
        if (others.length >= MAX_CAPTION_LANGUAGES) throw new AppError('CAPTIONS_LIMIT_REACHED')
        for (const before of video.captions) if (before.lang === tag) await retireCaptions(tx, video, before)
        await setCaptions(tx, videoId, [...others, captions])
        await assertQuotaKept(ctx, tx, video.project_id)
      },
      changeTimedText,
    ).catch(async (error: unknown) => {
      // Another error may have come after the commit.
      if (error instanceof AppError) await ctx.store.remove(key)
      throw error
    })
    return { ...toCaptions(captions), warnings }
  })
}

export function listCaptions(ctx: Context): Handler<typeof media.listCaptions> {
  // Limited by the languages of one video: one page has them all.
  return byViewer<typeof media.listCaptions>(ctx, async (_input, video) => {
    return { items: video.captions.map(toCaptions), nextCursor: null }
  })
}

function toCaptions(stored: StoredCaptions): Captions {
  const { lang, label, cues, createdAt, fromSource = false, automatic = false, forced = false, sdh = false } = stored
  return { lang, label, cues, fromSource, automatic, forced, sdh, createdAt }
}

export function deleteCaptions(ctx: Context): Handler<typeof media.deleteCaptions> {
  return async ({ videoId, lang }, call) => {
    await changeOwnVideo(
      ctx,
      videoId,
      call,
      async (tx, video) => {
        const tag = languageTag(lang)
        const others = video.captions.filter((captions) => captions.lang !== tag)
        if (others.length === video.captions.length) throw new AppError('CAPTIONS_NOT_FOUND')
        for (const before of video.captions) if (before.lang === tag) await retireCaptions(tx, video, before)
        await setCaptions(tx, videoId, others)
      },
      changeTimedText,
    )
    return {}
  }
}

export function putChapters(ctx: Context): Handler<typeof media.putChapters> {
  return async ({ videoId, chapters }, call) => {
    await replace(ctx, videoId, call, { id: randomUUID(), items: chapters })
    return { chapters }
  }
}

export function getChapters(ctx: Context): Handler<typeof media.getChapters> {
  return byViewer<typeof media.getChapters>(ctx, async (_input, video) => ({ chapters: video.chapters?.items ?? [] }))
}

export function deleteChapters(ctx: Context): Handler<typeof media.deleteChapters> {
  return async ({ videoId }, call) => {
    await replace(ctx, videoId, call, null)
    return {}
  }
}

async function replace(ctx: Context, videoId: string, call: Call, chapters: StoredChapters | null): Promise<void> {
  await changeOwnVideo(
    ctx,
    videoId,
    call,
    async (tx, video) => {
      // Before the probe the length is not known. Players then do not get chapters that start after the end.
      if (video.plan && chapters) assertStartWithin(video.plan, chapters)
      if (video.chapters) await retireChapters(tx, video, video.chapters)
      await setChapters(tx, videoId, chapters)
      if (chapters) await assertQuotaKept(ctx, tx, video.project_id)
    },
    changeTimedText,
  )
}

function assertStartWithin(plan: VideoPlan, { items }: StoredChapters): void {
  for (const [index, { start }] of items.entries()) assertWithin(plan, `chapters.${index}.start`, start)
}
