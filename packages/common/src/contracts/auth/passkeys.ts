import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id, NO_CONTROL, Nothing, pageOf, Timestamp } from '../shared.ts'
import { CurrentPassword, SignedIn } from './accounts.ts'

const Base64Url = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[\w-]+$/)
const CredentialId = Base64Url(1400).meta({
  description: 'Id that the authenticator gave the credential, base64url, at most 1400 characters',
  example: 'ZXhhbXBsZS1jcmVkZW50aWFs',
})
const ClientData = Base64Url(4096).meta({
  description: 'Client data in JSON as the browser signed it, base64url, at most 4096 characters',
  example: 'eyJ0eXBlIjoiZXhhbXBsZSJ9',
})
const CredentialType = z
  .literal('public-key')
  .meta({ description: 'Type of the credential: always `public-key`', example: 'public-key' })
const ExtensionResults = z
  .looseObject({})
  .default({})
  .meta({ description: 'Results of WebAuthn extensions; ignored', example: {} })
const ChallengeToken = z.string().min(1).max(128).meta({
  description: 'Token from the first step, at most 128 characters. It works once, within 300 seconds.',
  example: 'example-challenge-token',
})

export const RemovePasskeys = z.boolean().optional().meta({
  description: 'True also removes all passkeys of the account. They remain if omitted.',
  example: true,
})

export const Attestation = z
  .object({
    id: CredentialId,
    rawId: CredentialId,
    type: CredentialType,
    response: z
      .object({
        clientDataJSON: ClientData,
        attestationObject: Base64Url(32_768).meta({
          description: 'Attestation object with the public key, base64url, at most 32,768 characters',
          example: 'ZXhhbXBsZS1hdHRlc3RhdGlvbg',
        }),
        transports: z
          .array(z.string().max(32).regex(NO_CONTROL))
          .max(10)
          .optional()
          .meta({
            description: 'Ways to reach the authenticator, at most 10 of 32 characters each',
            example: ['internal', 'hybrid'],
          }),
      })
      .meta({
        description: 'What the authenticator answered',
        example: {
          clientDataJSON: 'eyJ0eXBlIjoiZXhhbXBsZSJ9',
          attestationObject: 'ZXhhbXBsZS1hdHRlc3RhdGlvbg',
          transports: ['internal', 'hybrid'],
        },
      }),
    clientExtensionResults: ExtensionResults,
  })
  .meta({
    description:
      '`RegistrationResponseJSON` of WebAuthn level 3: `credential.toJSON()` after `navigator.credentials.create`',
    example: {
      id: 'ZXhhbXBsZS1jcmVkZW50aWFs',
      rawId: 'ZXhhbXBsZS1jcmVkZW50aWFs',
      type: 'public-key',
      response: {
        clientDataJSON: 'eyJ0eXBlIjoiZXhhbXBsZSJ9',
        attestationObject: 'ZXhhbXBsZS1hdHRlc3RhdGlvbg',
        transports: ['internal', 'hybrid'],
      },
      clientExtensionResults: {},
    },
  })
export type Attestation = z.output<typeof Attestation>

const ASSERTED = {
  clientDataJSON: 'eyJ0eXBlIjoiZXhhbXBsZSJ9',
  authenticatorData: 'ZXhhbXBsZS1hdXRoZW50aWNhdG9y',
  signature: 'ZXhhbXBsZS1zaWduYXR1cmU',
  userHandle: null,
}

export const Assertion = z
  .object({
    id: CredentialId,
    rawId: CredentialId,
    type: CredentialType,
    response: z
      .object({
        clientDataJSON: ClientData,
        authenticatorData: Base64Url(4096).meta({
          description: 'Authenticator data that was signed, base64url, at most 4096 characters',
          example: ASSERTED.authenticatorData,
        }),
        signature: Base64Url(8192).meta({
          description: 'Signature of the authenticator, base64url, at most 8192 characters',
          example: ASSERTED.signature,
        }),
        userHandle: Base64Url(128).nullish().meta({
          description: 'User handle stored with the credential, base64url, at most 128 characters; null if unknown',
          example: ASSERTED.userHandle,
        }),
      })
      .meta({ description: 'What the authenticator answered', example: ASSERTED }),
    clientExtensionResults: ExtensionResults,
  })
  .meta({
    description:
      '`AuthenticationResponseJSON` of WebAuthn level 3: `credential.toJSON()` after `navigator.credentials.get`',
    example: {
      id: 'ZXhhbXBsZS1jcmVkZW50aWFs',
      rawId: 'ZXhhbXBsZS1jcmVkZW50aWFs',
      type: 'public-key',
      response: ASSERTED,
      clientExtensionResults: {},
    },
  })
export type Assertion = z.output<typeof Assertion>

export const WebAuthnOptions = z
  .looseObject({
    challenge: z
      .string()
      .meta({ description: 'Random challenge to sign, base64url', example: 'ZXhhbXBsZS1jaGFsbGVuZ2U' }),
  })
  .meta({
    description:
      'Options for `PublicKeyCredential.parseCreationOptionsFromJSON` or `PublicKeyCredential.parseRequestOptionsFromJSON`',
    example: { challenge: 'ZXhhbXBsZS1jaGFsbGVuZ2U' },
  })

export const PasskeyChallenge = z
  .object({
    challengeToken: z.string().meta({
      description: 'Token to send with the answer of the device, once, within 300 seconds',
      example: 'example-challenge-token',
    }),
    options: WebAuthnOptions,
  })
  .meta({ description: 'First step of adding or using a passkey' })

const PasskeyId = Id.meta({ description: 'Id of the passkey', example: '0197a1ec-4e90-7b58-8d02-a7c36f1e5d94' })

export const Passkey = z
  .object({
    id: PasskeyId,
    name: z.string().meta({ description: 'Name given by the owner of the account', example: 'Laptop' }),
    createdAt: Timestamp.meta({
      description: 'Time the passkey was added, ISO 8601 UTC',
      example: '2026-01-15T09:30:00.000Z',
    }),
    lastUsedAt: Timestamp.nullable().meta({
      description: 'Time of the last sign-in with the passkey, ISO 8601 UTC; null if there was no sign-in with it yet',
      example: '2026-01-16T18:05:12.000Z',
    }),
  })
  .meta({ description: 'A passkey of an account' })
export type Passkey = z.infer<typeof Passkey>

export const PasskeyPage = pageOf(Passkey).meta({ description: 'All passkeys of an account' })

export const NewPasskey = z
  .strictObject({
    challengeToken: ChallengeToken,
    response: Attestation,
    name: z.string().trim().min(1).max(100).regex(NO_CONTROL).default('Passkey').meta({
      description: 'Name that tells the passkey from others, 1 to 100 characters without control characters',
      example: 'Laptop',
    }),
  })
  .meta({ description: 'The passkey that the device has created' })

export const PasskeyLogin = z
  .strictObject({ challengeToken: ChallengeToken, response: Assertion })
  .meta({ description: 'The answer of the device to the challenge' })

/** Keys that a device keeps and unlocks by itself (WebAuthn). */
export const passkeys = {
  beginPasskey: {
    summary: 'Begin to add a passkey',
    description:
      'Answers what `navigator.credentials.create` needs. Needs the password more than 15 minutes after the sign-in.',
    input: z.strictObject({
      password: CurrentPassword.optional().meta({
        description:
          'Current password of the account, at most 256 characters. Required more than 15 minutes after the sign-in.',
        example: 'an example passphrase',
      }),
    }),
    output: PasskeyChallenge,
    errors: ['REAUTHENTICATION_REQUIRED', 'PASSWORD_WRONG', 'PASSKEY_LIMIT_REACHED', 'TOO_BUSY'],
    idempotent: false,
  },
  addPasskey: {
    summary: 'Add a passkey',
    description: 'With what the browser answered to `navigator.credentials.create`.',
    input: NewPasskey,
    output: Passkey,
    errors: ['PASSKEY_CHALLENGE_INVALID', 'PASSKEY_UNACCEPTABLE', 'PASSKEY_LIMIT_REACHED'],
    idempotent: false,
  },
  listPasskeys: {
    summary: 'List passkeys',
    description: "The caller's passkeys, newest first.",
    input: Nothing,
    output: PasskeyPage,
    errors: [],
    idempotent: true,
  },
  deletePasskey: {
    summary: 'Delete a passkey',
    description: 'Needs the password of the account.',
    input: z.strictObject({ passkeyId: PasskeyId, password: CurrentPassword }),
    output: Nothing,
    errors: ['PASSKEY_NOT_FOUND', 'PASSWORD_WRONG', 'TOO_BUSY'],
    idempotent: false,
  },
  beginPasskeyLogin: {
    summary: 'Begin to sign in with a passkey',
    description: 'Answers what `navigator.credentials.get` needs.',
    input: Nothing,
    output: PasskeyChallenge,
    errors: [],
    idempotent: false,
  },
  loginWithPasskey: {
    summary: 'Sign in with a passkey',
    description: 'A passkey counts as both factors.',
    input: PasskeyLogin,
    output: SignedIn,
    errors: ['PASSKEY_CHALLENGE_INVALID', 'PASSKEY_INVALID', 'ACCOUNT_DISABLED', 'EMAIL_NOT_VERIFIED'],
    idempotent: false,
  },
} as const satisfies Record<string, MethodSpec>
