import type { Request, Response } from 'express'
import { sendText } from './send-text.ts'

const FINISHED_MAX_AGE_SECONDS = 60

/** Playlists grow and change while a video is made; a cache must ask each time until the list is closed. */
export async function sendPlaylist(req: Request, res: Response, text: string, scope: string): Promise<void> {
  const closed = text.includes('#EXT-X-ENDLIST')
  const cacheControl = closed ? `${scope}, max-age=${FINISHED_MAX_AGE_SECONDS}` : `${scope}, no-cache`
  await sendText(req, res, { text, contentType: 'application/vnd.apple.mpegurl', cacheControl })
}
