import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { NO_CONTROL, Nothing } from '../shared.ts'
import { CurrentPassword, SignedIn } from './accounts.ts'
import { Assertion, WebAuthnOptions } from './passkeys.ts'

const TotpCode = z
  .string()
  .trim()
  .regex(/^\d{6}$/, 'Six digits')
  .meta({ description: 'Six-digit code of the authenticator app, valid for about 30 seconds', example: '123456' })
const RecoveryCode = z.string().trim().min(1).max(64).regex(NO_CONTROL).meta({
  description: 'Unused recovery code, at most 64 characters. Case, spaces and dashes do not matter.',
  example: 'XXXX-XXXX-XXXX-XXXX-XXXX-XXXX',
})
const MfaToken = z.string().min(1).max(128).meta({
  description: 'The `mfaToken` from the first step of the sign-in, at most 128 characters, valid for 300 seconds',
  example: 'example-mfa-token',
})

export const RecoveryCodes = z
  .object({
    recoveryCodes: z.array(z.string()).meta({
      description: 'Ten recovery codes; each works once. Only their hashes are stored, so they cannot be shown again.',
      example: ['XXXX-XXXX-XXXX-XXXX-XXXX-XXXX'],
    }),
  })
  .meta({ description: 'New recovery codes' })

/** Accepts a recovery code too, so that a person who has lost the app can turn it off. */
export const PasswordAndCode = z
  .strictObject({
    password: CurrentPassword,
    code: RecoveryCode.meta({
      description: 'Code of the authenticator app, or an unused recovery code, at most 64 characters',
      example: '123456',
    }),
  })
  .meta({ description: 'The password and a second factor' })

export const TotpSetup = z
  .object({
    secret: z.string().meta({
      description: 'Secret to type into the app, base32, 160 bits. It must be confirmed within 15 minutes.',
      example: 'EXAMPLE',
    }),
    otpauthUrl: z.string().meta({
      description: 'The same as a URL that opens the app: SHA-1, 6 digits, 30 seconds',
      example: 'otpauth://totp/Kinora:ann%40example.com?secret=EXAMPLE&issuer=Kinora',
    }),
    qrSvg: z.string().meta({
      description: 'The same URL as a QR code: an SVG document',
      example: '<svg xmlns="http://www.w3.org/2000/svg"></svg>',
    }),
  })
  .meta({ description: 'What an authenticator app needs' })

export const SecondStep = z
  .strictObject({
    mfaToken: MfaToken,
    code: TotpCode.optional(),
    recoveryCode: RecoveryCode.optional(),
    passkey: Assertion.optional(),
  })
  .refine(({ mfaToken: _, ...proofs }) => Object.values(proofs).filter(Boolean).length === 1, {
    message: 'Send one of code, recoveryCode and passkey',
  })
  .meta({ description: 'The second factor: exactly one of `code`, `recoveryCode` and `passkey`' })

/** Codes from an authenticator app (RFC 6238), recovery codes, and the second step of a sign-in. */
export const secondFactor = {
  setUpTotp: {
    summary: 'Begin to set up an authenticator app',
    description:
      'Needs the password more than 15 minutes after the sign-in. Nothing changes until `POST /v1/auth/totp/enable`.',
    input: z.strictObject({
      password: CurrentPassword.optional().meta({
        description:
          'Current password of the account, at most 256 characters. Required more than 15 minutes after the sign-in.',
        example: 'an example passphrase',
      }),
    }),
    output: TotpSetup,
    errors: ['MFA_ALREADY_ENABLED', 'REAUTHENTICATION_REQUIRED', 'PASSWORD_WRONG', 'TOO_BUSY'],
    idempotent: false,
  },
  enableTotp: {
    summary: 'Turn on the authenticator app',
    description: 'With its first code. From then on signing in needs a code; the answer has the recovery codes.',
    input: z.strictObject({ code: TotpCode }),
    output: RecoveryCodes,
    errors: ['MFA_ALREADY_ENABLED', 'TOTP_SETUP_NOT_FOUND', 'MFA_CODE_WRONG'],
    idempotent: false,
  },
  disableTotp: {
    summary: 'Turn off the authenticator app',
    description: 'Signing in then needs only the password.',
    input: PasswordAndCode,
    output: Nothing,
    errors: ['MFA_NOT_ENABLED', 'PASSWORD_WRONG', 'MFA_CODE_WRONG', 'MFA_LOCKED', 'TOO_BUSY'],
    idempotent: false,
  },
  renewRecoveryCodes: {
    summary: 'Replace the recovery codes',
    description: 'The previous ones stop working.',
    input: PasswordAndCode,
    output: RecoveryCodes,
    errors: ['MFA_NOT_ENABLED', 'PASSWORD_WRONG', 'MFA_CODE_WRONG', 'MFA_LOCKED', 'TOO_BUSY'],
    idempotent: false,
  },
  finishLogin: {
    summary: 'Finish a sign-in with the second factor',
    description: 'With exactly one of a code of the authenticator app, a recovery code and a passkey.',
    input: SecondStep,
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
    summary: 'Begin the second factor with a passkey',
    description: 'Answers what `navigator.credentials.get` needs; finish with `POST /v1/auth/mfa`.',
    input: z.strictObject({ mfaToken: MfaToken }),
    output: z.object({ options: WebAuthnOptions }),
    errors: ['MFA_TOKEN_INVALID', 'MFA_TOKEN_EXPIRED', 'MFA_TOKEN_EXHAUSTED', 'PASSKEY_NOT_FOUND', 'ACCOUNT_DISABLED'],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
