import type { BrowserContext, CDPSession } from 'playwright-core'

/** What a page sends and gets as JSON. */
type Json = Record<string, unknown>

export type Authenticator = {
  /** `navigator.credentials.create` with options from the API; what it gives is for the API. */
  create(options: Json): Promise<Json>
  /** `navigator.credentials.get`. */
  get(options: Json): Promise<Json>
  /** Does the owner show finger, face or PIN from now on? */
  setUserVerified(isUserVerified: boolean): Promise<void>
  /** Goes back to an earlier signature counter, as a copy of the device would have it. */
  rewind(): Promise<void>
}

/** A page of `url`, on a device that keeps passkeys and whose owner agrees to everything. */
export async function openDevice(context: BrowserContext, url: string): Promise<Authenticator> {
  const tab = await context.newPage()
  await tab.goto(url)
  const cdp = await context.newCDPSession(tab)
  await cdp.send('WebAuthn.enable')
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  const ceremony = (verb: 'create' | 'get', parse: string) => (options: Json) =>
    tab.evaluate<Json>(`(async () => {
      const publicKey = PublicKeyCredential.${parse}(${JSON.stringify(options)})
      return (await navigator.credentials.${verb}({ publicKey })).toJSON()
    })()`)
  return {
    create: ceremony('create', 'parseCreationOptionsFromJSON'),
    get: ceremony('get', 'parseRequestOptionsFromJSON'),
    setUserVerified: (isUserVerified) =>
      cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }).then(),
    rewind: () => rewind(cdp, authenticatorId),
  }
}

async function rewind(cdp: CDPSession, authenticatorId: string): Promise<void> {
  const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId })
  for (const credential of credentials) {
    const { credentialId } = credential
    await cdp.send('WebAuthn.removeCredential', { authenticatorId, credentialId })
    await cdp.send('WebAuthn.addCredential', { authenticatorId, credential: { ...credential, signCount: 0 } })
  }
}
