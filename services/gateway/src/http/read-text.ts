import type { Request, Response } from 'express'
import { readBytes } from './read-bytes.ts'

/** A body of bytes as text. Throws `BODY_TOO_LARGE`, and null when it is not UTF-8. */
export async function readText(req: Request, res: Response, maxBytes: number): Promise<string | null> {
  const bytes = await readBytes(req, res, maxBytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}
