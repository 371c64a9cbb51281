import { randomUUID } from 'node:crypto'
import type { Actor, Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import type { VideoPlan } from '../domain/plan.ts'
import type { StoredChapters } from '../domain/timed-text.ts'
import { assertOwner, maySee } from '../domain/visibility.ts'
import { assertWithin } from '../domain/within.ts'
import { changePresented } from '../operations/change-video.ts'
import { retireChapters, setChapters } from '../repositories/timed-texts.ts'
import { findVideo } from '../repositories/videos.ts'

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
