import type { Assertion, Attestation } from '@kinora/common/contracts'
import { allowedOrigins } from '@kinora/common/service'
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server'
import type { AuthConfig } from '../config.ts'
import type { PasskeyRow, UserRow } from '../db/schema.ts'

/** The site that passkeys belong to (WebAuthn level 3, section 4). */
export interface RelyingParty {
  /** A domain. Browsers accept only the page's own domain or a parent of it, and no IP address. */
  id: string
  name: string
  /** Origins of pages that may use a passkey. */
  origins: string[]
}

export function relyingParty(config: AuthConfig): RelyingParty {
  return {
    id: config.PASSKEY_RP_ID ?? new URL(config.PUBLIC_URL).hostname,
    name: config.PRODUCT_NAME,
    origins: [...allowedOrigins(config)],
  }
}

/** The user's id that a device stores with the passkey and sends at a sign-in without a name: base64url of the id's bytes. */
export function userHandle(userId: string): string {
  return Buffer.from(userHandleBytes(userId)).toString('base64url')
}

function userHandleBytes(userId: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(userId.replaceAll('-', ''), 'hex'))
}

/** Options to create a passkey that can sign in alone: it stores its user, and the device asks for finger, face or PIN. */
export async function registrationOptions(
  { id, name }: RelyingParty,
  user: Pick<UserRow, 'id' | 'email' | 'display_name'>,
  challenge: string,
  present: PasskeyRow[],
) {
  return await generateRegistrationOptions({
    rpID: id,
    rpName: name,
    userID: userHandleBytes(user.id),
    userName: user.email,
    userDisplayName: user.display_name ?? user.email,
    challenge: bytesOf(challenge),
    attestationType: 'none',
    excludeCredentials: present.map((passkey) => ({
      id: passkey.credential_id.toString('base64url'),
      transports: passkey.transports,
    })),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  })
}

export type NewCredential = Pick<PasskeyRow, 'credential_id' | 'public_key' | 'sign_count' | 'transports'>

/**
 * The credential that the device created for `challenge`; null for another site or challenge, or without verification
 * of the user.
 */
export async function verifyRegistration(
  { id, origins }: RelyingParty,
  response: Attestation,
  challenge: string,
): Promise<NewCredential | null> {
  const { verified, registrationInfo } = await verifyRegistrationResponse({
    response,
    expectedChallenge: challenge,
    expectedOrigin: origins,
    expectedRPID: id,
    requireUserVerification: true,
    // It throws for every fault in what the client sent.
  }).catch(() => ({ verified: false, registrationInfo: undefined }))
  if (!verified || !registrationInfo) return null
  const { credential } = registrationInfo
  return {
    credential_id: Buffer.from(credential.id, 'base64url'),
    public_key: Buffer.from(credential.publicKey),
    sign_count: String(credential.counter),
    transports: response.response.transports ?? [],
  }
}

function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(base64url, 'base64url'))
}

/** Whether the device must verify its user: `required` when the passkey is the only proof. */
export type Verification = 'required' | 'discouraged'

/** Options to sign in with a passkey. Without `allowed` the device offers all its passkeys for this site. */
export async function assertionOptions(
  { id }: RelyingParty,
  challenge: string,
  userVerification: Verification,
  allowed?: PasskeyRow[],
) {
  return await generateAuthenticationOptions({
    rpID: id,
    challenge: bytesOf(challenge),
    userVerification,
    ...(allowed && {
      allowCredentials: allowed.map((passkey) => ({
        id: passkey.credential_id.toString('base64url'),
        transports: passkey.transports,
      })),
    }),
  })
}

/** The signature counter of a genuine assertion for `challenge`; null for any other. */
export async function verifyAssertion(
  { id, origins }: RelyingParty,
  response: Assertion,
  challenge: string,
  userVerification: Verification,
  passkey: PasskeyRow,
): Promise<number | null> {
  const { userHandle, ...rest } = response.response
  const verification = await verifyAuthenticationResponse({
    response: { ...response, response: { ...rest, ...(userHandle && { userHandle }) } },
    expectedChallenge: challenge,
    expectedOrigin: origins,
    expectedRPID: id,
    requireUserVerification: userVerification === 'required',
    credential: {
      id: passkey.credential_id.toString('base64url'),
      publicKey: new Uint8Array(passkey.public_key),
      counter: Number(passkey.sign_count),
    },
    // It throws for every fault in what the client sent.
  }).catch(() => null)
  return verification?.verified ? verification.authenticationInfo.newCounter : null
}
