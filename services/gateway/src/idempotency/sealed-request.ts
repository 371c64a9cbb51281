import { createHmac, hkdfSync } from 'node:crypto'
import { createSecretCipher } from '@kinora/common/secret-cipher'

/** The body of an answer, in JSON, with its status. */
export interface Answer {
  status: number
  body: string
}

export interface SealedRequest {
  /** Names caller and key. */
  name: string
  fingerprint: string
  seal(answer: Answer): string
  /** Throws for what was not sealed for the same caller and key. */
  open(sealed: string): Answer
}

type SealRequest = (caller: string, key: string, request: readonly string[]) => SealedRequest

/**
 * What may be stored of a request and its answer. Answers hold API keys and other secrets, and bodies passwords: without the secret
 * of the gateways nothing of them can be guessed from it, and with that secret alone no answer can be read, because its key
 * is derived from the key of the client, which is not stored.
 */
export function requestSealer(gatewaySecret: Buffer): SealRequest {
  const secret = Buffer.from(hkdfSync('sha256', gatewaySecret, '', 'kinora idempotency keys', 32))
  return (caller, key, request) => {
    const derive = (purpose: string) => hmac(secret, JSON.stringify([purpose, caller, key]))
    const name = derive('name').toString('hex')
    const cipher = createSecretCipher(derive('answer'), 'kinora idempotent answers')
    return {
      name,
      fingerprint: hmac(derive('request'), JSON.stringify(request)).toString('hex'),
      seal: (answer) => cipher.encrypt(Buffer.from(JSON.stringify(answer)), name).toString('base64'),
      open: (sealed) => JSON.parse(cipher.decrypt(Buffer.from(sealed, 'base64'), name).toString()),
    }
  }
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
