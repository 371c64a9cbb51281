import type { Context } from '../../context.ts'
import { listKeys } from './list-keys.ts'
import { retireKey } from './retire-key.ts'
import { rotateKeys } from './rotate-keys.ts'

export const signingKeys = (ctx: Context) => ({
  listKeys: listKeys(ctx),
  rotateKeys: rotateKeys(ctx),
  retireKey: retireKey(ctx),
})
