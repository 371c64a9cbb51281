import { auth, type Revocation } from '@kinora/common/contracts'
import type { TestEnvironment } from '@kinora/dev/harness'
import { createSigner, type Signer } from './access-tokens.ts'
import { type StubService, stubService } from './stub-service.ts'

export interface StubAuth extends StubService<typeof auth> {
  signer: Signer
  revocations: Revocation[]
}

/** A stub of auth with what a gateway needs: public keys and the list of revocations. */
export async function stubAuth(world: TestEnvironment): Promise<StubAuth> {
  const signer = createSigner()
  const revocations: Revocation[] = []
  const stub = await stubService(world, 'auth', auth, {
    getJwks: async () => ({ keys: [signer.jwk] }),
    beginRequest: async () => ({ state: 'begun' }),
    endRequest: async () => ({}),
    listMemberships: async () => ({ projects: {} }),
    listRevocations: async ({ after }) => {
      const items = revocations.filter(({ sequence }) => sequence > after)
      return { items, more: false, sequence: items.at(-1)?.sequence ?? after }
    },
  })
  return Object.assign(stub, { signer, revocations })
}
