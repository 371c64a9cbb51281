import type { Context } from '../../context.ts'
import { beginMfaPasskey } from './begin-mfa-passkey.ts'
import { disableTotp } from './disable-totp.ts'
import { enableTotp } from './enable-totp.ts'
import { finishLogin } from './finish-login.ts'
import { renewRecoveryCodes } from './renew-recovery-codes.ts'
import { setUpTotp } from './set-up-totp.ts'

export const secondFactor = (ctx: Context) => ({
  setUpTotp: setUpTotp(ctx),
  enableTotp: enableTotp(ctx),
  disableTotp: disableTotp(ctx),
  renewRecoveryCodes: renewRecoveryCodes(ctx),
  finishLogin: finishLogin(ctx),
  beginMfaPasskey: beginMfaPasskey(ctx),
})
