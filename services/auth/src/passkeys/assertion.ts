import type { Assertion } from '@kinora/common/contracts'
import { generateAuthenticationOptions, verifyAuthenticationResponse } from '@simplewebauthn/server'
import type { PasskeyRow } from '../db/schema.ts'
import { bytesOf } from './registration.ts'
import type { RelyingParty } from './relying-party.ts'

/** How sure the device must be who is there: `required` where the passkey is the only proof. */
export type Verification = 'required' | 'discouraged'

/** Without `allowed` the device offers the passkeys that it has for us. */
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
    // It throws for whatever is wrong with what a client has sent.
  }).catch(() => null)
  return verification?.verified ? verification.authenticationInfo.newCounter : null
}
