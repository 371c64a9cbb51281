import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id, NO_CONTROL, Nothing, pageOf, Timestamp } from '../shared.ts'
import { SignedIn } from './accounts.ts'

const Base64Url = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[\w-]+$/)
const CredentialId = Base64Url(1400)
const ChallengeToken = z.string().min(1).max(128)

/** `RegistrationResponseJSON` of WebAuthn level 3: `credential.toJSON()` after `navigator.credentials.create`. */
const Attestation = z.object({
  id: CredentialId,
  rawId: CredentialId,
  type: z.literal('public-key'),
  response: z.object({
    clientDataJSON: Base64Url(4096),
    attestationObject: Base64Url(32_768),
    transports: z.array(z.string().max(32).regex(NO_CONTROL)).max(10).optional(),
  }),
  clientExtensionResults: z.looseObject({}).default({}),
})
export type Attestation = z.output<typeof Attestation>

/** `AuthenticationResponseJSON` of WebAuthn level 3: `credential.toJSON()` after `navigator.credentials.get`. */
export const Assertion = z.object({
  id: CredentialId,
  rawId: CredentialId,
  type: z.literal('public-key'),
  response: z.object({
    clientDataJSON: Base64Url(4096),
    authenticatorData: Base64Url(4096),
    signature: Base64Url(8192),
    userHandle: Base64Url(128).nullish(),
  }),
  clientExtensionResults: z.looseObject({}).default({}),
})
export type Assertion = z.output<typeof Assertion>

/** For `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`. */
export const WebAuthnOptions = z.looseObject({ challenge: z.string() })
const Begun = z.object({ challengeToken: z.string(), options: WebAuthnOptions })

export const Passkey = z.object({
  id: Id,
  name: z.string(),
  createdAt: Timestamp,
  lastUsedAt: Timestamp.nullable(),
})
export type Passkey = z.infer<typeof Passkey>

/** Keys that a device keeps and unlocks by itself (WebAuthn). */
export const passkeys = {
  beginPasskey: {
    summary: 'Begin to add a passkey; needs the password where the sign-in was a while ago',
    input: z.strictObject({ password: z.string().min(1).max(256).optional() }),
    output: Begun,
    errors: ['REAUTHENTICATION_REQUIRED', 'PASSWORD_WRONG', 'PASSKEY_LIMIT_REACHED', 'TOO_BUSY'],
    idempotent: false,
  },
  addPasskey: {
    summary: 'Add the passkey that the device has made',
    input: z.strictObject({
      challengeToken: ChallengeToken,
      response: Attestation,
      name: z.string().trim().min(1).max(100).regex(NO_CONTROL).default('Passkey'),
    }),
    output: Passkey,
    errors: ['PASSKEY_CHALLENGE_INVALID', 'PASSKEY_UNACCEPTABLE', 'PASSKEY_LIMIT_REACHED'],
    idempotent: false,
  },
  listPasskeys: {
    summary: 'The passkeys of this account, newest first',
    input: Nothing,
    output: pageOf(Passkey),
    errors: [],
    idempotent: true,
  },
  deletePasskey: {
    summary: 'Remove a passkey',
    input: z.strictObject({ passkeyId: Id, password: z.string().min(1).max(256) }),
    output: Nothing,
    errors: ['PASSKEY_NOT_FOUND', 'PASSWORD_WRONG', 'TOO_BUSY'],
    idempotent: false,
  },
  beginPasskeyLogin: {
    summary: 'Begin to sign in with a passkey instead of a password',
    input: Nothing,
    output: Begun,
    errors: [],
    idempotent: false,
  },
  loginWithPasskey: {
    summary: 'Sign in with a passkey; it is both factors at once',
    input: z.strictObject({ challengeToken: ChallengeToken, response: Assertion }),
    output: SignedIn,
    errors: ['PASSKEY_CHALLENGE_INVALID', 'PASSKEY_INVALID', 'ACCOUNT_DISABLED', 'EMAIL_NOT_VERIFIED'],
    idempotent: false,
  },
} as const satisfies Record<string, MethodSpec>
