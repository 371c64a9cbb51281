import { AppError } from '@kinora/common/errors'
import type { Request, Response } from 'express'
import { bodyBytes } from '../uploads/body-bytes.ts'
import { invite } from './unread-body.ts'

const MIN_BYTES_PER_SECOND = 1024

/** A whole body. Throws `BODY_TOO_LARGE`. */
export async function readBytes(req: Request, res: Response, maxBytes: number): Promise<Buffer> {
  if (Number(req.headers['content-length'] ?? 0) > maxBytes) throw new AppError('BODY_TOO_LARGE')
  invite(req, res)
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of bodyBytes(req, MIN_BYTES_PER_SECOND)) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new AppError('BODY_TOO_LARGE')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
