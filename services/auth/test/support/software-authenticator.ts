import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import type { Assertion, Attestation } from '@kinora/common/contracts'
import { isoCBOR } from '@simplewebauthn/server/helpers'

/** The origin in the tests' configuration. */
const ORIGIN = 'https://app.kinora.test'
const RP_ID = 'kinora.test'

/** User present, user verified; attested credential data follows (WebAuthn level 3, section 6.1). */
const [PRESENT, VERIFIED, ATTESTED] = [0x01, 0x04, 0x40]

export interface SoftwareAuthenticator {
  create(challenge: string): Attestation
  /** `userId` becomes the `userHandle` of the answer. */
  get(challenge: string, userId: string): Assertion
}

/** A passkey on a simulated device, without a browser: ES256, a counter, no attestation. */
export function createSoftwareAuthenticator(): SoftwareAuthenticator {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const credentialId = randomBytes(32)
  const id = credentialId.toString('base64url')
  let counter = 0

  return {
    create(challenge) {
      const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
      // RFC 9053: EC2, ES256, P-256, x, y.
      const key = new Map<number, number | Uint8Array>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, bytes(Buffer.from(x, 'base64url'))],
        [-3, bytes(Buffer.from(y, 'base64url'))],
      ])
      const length = Buffer.from([0, credentialId.length])
      const attested = Buffer.concat([Buffer.alloc(16), length, credentialId, isoCBOR.encode(key)])
      const authData = Buffer.concat([head(PRESENT | VERIFIED | ATTESTED, counter), attested])
      const attestation = new Map<string, unknown>([
        ['fmt', 'none'],
        ['attStmt', new Map()],
        ['authData', bytes(authData)],
      ])
      const attestationObject = isoCBOR.encode(attestation as Parameters<typeof isoCBOR.encode>[0])
      return {
        id,
        rawId: id,
        type: 'public-key',
        response: {
          clientDataJSON: clientData('webauthn.create', challenge).toString('base64url'),
          attestationObject: Buffer.from(attestationObject).toString('base64url'),
          transports: ['internal'],
        },
        clientExtensionResults: {},
      }
    },
    get(challenge, userId) {
      counter += 1
      const authData = head(PRESENT | VERIFIED, counter)
      const data = clientData('webauthn.get', challenge)
      const signed = Buffer.concat([authData, createHash('sha256').update(data).digest()])
      return {
        id,
        rawId: id,
        type: 'public-key',
        response: {
          clientDataJSON: data.toString('base64url'),
          authenticatorData: authData.toString('base64url'),
          signature: sign('sha256', signed, privateKey).toString('base64url'),
          userHandle: Buffer.from(userId.replaceAll('-', ''), 'hex').toString('base64url'),
        },
        clientExtensionResults: {},
      }
    },
  }
}

function head(flags: number, counter: number): Buffer {
  const head = Buffer.alloc(37)
  createHash('sha256').update(RP_ID).digest().copy(head)
  head[32] = flags
  head.writeUInt32BE(counter, 33)
  return head
}

function clientData(type: string, challenge: string): Buffer {
  return Buffer.from(JSON.stringify({ type, challenge, origin: ORIGIN, crossOrigin: false }))
}

function bytes(buffer: Buffer): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer)
}
