import type { CallOptions } from '@kinora/common/bus'
import { media, type ResumableUpload } from '@kinora/common/contracts'
import type { Written } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import { registerUpload } from './register-upload.ts'

/**
 * Makes the source of an upload of which all bytes have arrived, and registers it. Several gateways may do so at once, or
 * again after one has died on the way.
 * @param last what the last request brought, hashed; spares reading it again where it was all
 */
export async function finishUpload(
  ctx: Context,
  upload: ResumableUpload,
  call: CallOptions,
  last?: Written,
): Promise<void> {
  if (!upload.finish) return
  try {
    await join(ctx, upload, upload.finish, call, last)
  } catch (error) {
    // Somebody else was faster, and the pieces are gone.
    const { completed } = await ctx.rpc(media.settleUpload, { uploadId: upload.uploadId }, call).catch(() => upload)
    if (!completed) throw error
  }
}

async function join(
  ctx: Context,
  { uploadId, videoId, bytes }: ResumableUpload,
  { pieces, storageKey, filename, video }: NonNullable<ResumableUpload['finish']>,
  call: CallOptions,
  last: Written | undefined,
): Promise<void> {
  const hashed = last?.bytes === bytes ? pieces.map((piece) => ({ ...piece, sha256: last.sha256 })) : pieces
  const written = await ctx.store.joinPieces(hashed, storageKey)
  if (written.bytes !== bytes) throw new Error(`an upload of ${bytes} bytes became a source of ${written.bytes}`)
  await registerUpload(ctx, { videoId, uploadId, storageKey, filename, ...written }, video, call)
}
