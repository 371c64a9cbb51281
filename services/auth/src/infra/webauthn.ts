import type { Attestation } from '@kinora/common/contracts'
import { generateRegistrationOptions, verifyRegistrationResponse } from '@simplewebauthn/server'
import type { PasskeyRow, UserRow } from '../db/schema.ts'
import { type RelyingParty, userHandleBytes } from './relying-party.ts'

/** Asks for a passkey that can sign in by itself: it knows its user, and the device asks for finger, face or PIN. */
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

/** What the device has made for `challenge`; null when it was not made for us, for this, or with the user's consent. */
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
    // It throws for whatever is wrong with what a client has sent.
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

export function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(base64url, 'base64url'))
}
