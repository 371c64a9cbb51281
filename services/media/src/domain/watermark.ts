import type { Overlay } from '@kinora/common/contracts'
import type { StoredWatermark } from '../db/stored.ts'

export function overlayOf({ key, position, opacity, width }: StoredWatermark): Overlay {
  return { pictureKey: key, position, opacity, width }
}
