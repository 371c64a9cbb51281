import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { NO_CONTROL, Nothing } from '../shared.ts'
import { SignedIn } from './accounts.ts'
import { Assertion, WebAuthnOptions } from './passkeys.ts'

const GivenPassword = z.string().min(1).max(256)
const TotpCode = z
  .string()
  .trim()
  .regex(/^\d{6}$/, 'Six digits')
const RecoveryCode = z.string().trim().min(1).max(64).regex(NO_CONTROL)
const MfaToken = z.string().min(1).max(128)

/** Shown once; only their hashes are kept. */
const RecoveryCodes = z.object({ recoveryCodes: z.array(z.string()) })

/** The code is one from the app or a recovery code: whoever has lost the app must be able to turn it off. */
export const PasswordAndCode = z.strictObject({ password: GivenPassword, code: RecoveryCode })

/** Codes from an authenticator app (RFC 6238), recovery codes, and the second step of a sign-in. */
export const secondFactor = {
  setUpTotp: {
    summary: 'Begin to set up an authenticator app; needs the password where the sign-in was a while ago',
    input: z.strictObject({ password: GivenPassword.optional() }),
    output: z.object({ secret: z.string(), otpauthUrl: z.string(), qrSvg: z.string() }),
    errors: ['MFA_ALREADY_ENABLED', 'REAUTHENTICATION_REQUIRED', 'PASSWORD_WRONG', 'TOO_BUSY'],
    idempotent: false,
  },
  enableTotp: {
    summary: 'Prove that the app is set up: from now on a sign-in asks for a code',
    input: z.strictObject({ code: TotpCode }),
    output: RecoveryCodes,
    errors: ['MFA_ALREADY_ENABLED', 'TOTP_SETUP_NOT_FOUND', 'MFA_CODE_WRONG'],
    idempotent: false,
  },
  disableTotp: {
    summary: 'Sign in with the password alone again',
    input: PasswordAndCode,
    output: Nothing,
    errors: ['MFA_NOT_ENABLED', 'PASSWORD_WRONG', 'MFA_CODE_WRONG', 'MFA_LOCKED', 'TOO_BUSY'],
    idempotent: false,
  },
  renewRecoveryCodes: {
    summary: 'New recovery codes; the old ones are worth nothing',
    input: PasswordAndCode,
    output: RecoveryCodes,
    errors: ['MFA_NOT_ENABLED', 'PASSWORD_WRONG', 'MFA_CODE_WRONG', 'MFA_LOCKED', 'TOO_BUSY'],
    idempotent: false,
  },
  finishLogin: {
    summary: 'Finish a sign-in with the second factor',
    input: z
      .strictObject({
        mfaToken: MfaToken,
        code: TotpCode.optional(),
        recoveryCode: RecoveryCode.optional(),
        passkey: Assertion.optional(),
      })
      .refine(({ mfaToken: _, ...proofs }) => Object.values(proofs).filter(Boolean).length === 1, {
        message: 'Send one of code, recoveryCode and passkey',
      }),
    output: SignedIn,
    errors: [
      'MFA_TOKEN_INVALID',
      'MFA_TOKEN_EXPIRED',
      'MFA_TOKEN_EXHAUSTED',
      'MFA_CODE_INVALID',
      'MFA_LOCKED',
      'PASSKEY_INVALID',
      'ACCOUNT_DISABLED',
    ],
    idempotent: false,
  },
  beginMfaPasskey: {
    summary: 'What a browser needs to finish a sign-in with a passkey',
    input: z.strictObject({ mfaToken: MfaToken }),
    output: z.object({ options: WebAuthnOptions }),
    errors: ['MFA_TOKEN_INVALID', 'MFA_TOKEN_EXPIRED', 'MFA_TOKEN_EXHAUSTED', 'PASSKEY_NOT_FOUND', 'ACCOUNT_DISABLED'],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
