import type { Overlay, Watermark } from '@kinora/common/contracts'
import type { StorageKey } from '@kinora/common/storage'

/** A watermark, and where its picture is. That file is never written again: another picture has another name. */
export interface StoredWatermark extends Watermark {
  key: StorageKey
}

export function overlayOf({ key, position, opacity, width }: StoredWatermark): Overlay {
  return { pictureKey: key, position, opacity, width }
}
