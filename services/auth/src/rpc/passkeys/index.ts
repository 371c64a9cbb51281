import type { Context } from '../../context.ts'
import { addPasskey } from './add-passkey.ts'
import { beginPasskey } from './begin-passkey.ts'
import { beginPasskeyLogin } from './begin-passkey-login.ts'
import { deletePasskey } from './delete-passkey.ts'
import { listPasskeys } from './list-passkeys.ts'
import { loginWithPasskey } from './login-with-passkey.ts'

export const passkeys = (ctx: Context) => ({
  beginPasskey: beginPasskey(ctx),
  addPasskey: addPasskey(ctx),
  listPasskeys: listPasskeys(ctx),
  deletePasskey: deletePasskey(ctx),
  beginPasskeyLogin: beginPasskeyLogin(ctx),
  loginWithPasskey: loginWithPasskey(ctx),
})
