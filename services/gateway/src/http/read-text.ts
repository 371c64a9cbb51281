import { AppError } from '@kinora/common/errors'
import type { Request, Response } from 'express'
import { bodyBytes } from '../uploads/body-bytes.ts'
import { invite } from './unread-body.ts'

const MIN_BYTES_PER_SECOND = 1024

/** A body of bytes as text. Throws `BODY_TOO_LARGE`, and null when it is not UTF-8. */
export async function readText(req: Request, res: Response, maxBytes: number): Promise<string | null> {
  if (Number(req.headers['content-length'] ?? 0) > maxBytes) throw new AppError('BODY_TOO_LARGE')
  invite(req, res)
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of bodyBytes(req, MIN_BYTES_PER_SECOND)) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new AppError('BODY_TOO_LARGE')
    chunks.push(chunk)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  } catch {
    return null
  }
}
