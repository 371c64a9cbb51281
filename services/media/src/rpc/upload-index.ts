import type { Handlers } from '@kinora/common/contract'
import type { media, resumableUploads } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import { abandonUpload } from './abandon-upload.ts'
import { beginHeadStart } from './begin-head-start.ts'
import { createUpload } from './create-upload.ts'
import { endPiece } from './end-piece.ts'
import { keepUpload } from './keep-upload.ts'
import { settleUpload } from './settle-upload.ts'
import { beginPiece } from './upload-parts.ts'

export function uploadHandlers(ctx: Context): Pick<Handlers<typeof media>, keyof typeof resumableUploads> {
  return {
    createUpload: createUpload(ctx),
    settleUpload: settleUpload(ctx),
    beginPiece: beginPiece(ctx),
    endPiece: endPiece(ctx),
    beginHeadStart: beginHeadStart(ctx),
    keepUpload: keepUpload(ctx),
    abandonUpload: abandonUpload(ctx),
  }
}
