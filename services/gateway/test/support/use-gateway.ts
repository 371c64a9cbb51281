import { randomUUID } from 'node:crypto'
import { type TestEnvironment, until, useTestEnvironment } from '@kinora/dev/harness'
import { startTestGateway, type TestGateway } from './start-test-gateway.ts'
import { type StubAuth, stubAuth } from './stub-auth.ts'
import { type StubMedia, stubMedia } from './stub-media.ts'

export interface GatewayUnderTest {
  world: TestEnvironment
  gateway: TestGateway
  auth: StubAuth
  media: StubMedia
  /** Sends a request to the gateway. Never follows redirects. */
  request(path: string, init?: RequestInit): Promise<Response>
  /** The headers of a signed-in user. */
  signedIn(userId?: string, sessionId?: string): Record<string, string>
  /** Starts one more gateway in the same environment. */
  another(env: Record<string, string>): Promise<TestGateway>
}

/** Starts one gateway with stubs of auth and media on the real broker. Call it at the top of a test file. */
export async function useGateway(env: Record<string, string> = {}): Promise<GatewayUnderTest> {
  const world = await useTestEnvironment()
  const auth = await stubAuth(world)
  const media = await stubMedia(world)
  const another = async (more: Record<string, string>) => {
    const gateway = await startTestGateway(world, more)
    await until(async () => (await gateway.health.report()).ready)
    return gateway
  }
  const gateway = await another(env)
  return {
    world,
    gateway,
    auth,
    media,
    another,
    request: (path, init) => fetch(`${gateway.url}${path}`, { redirect: 'manual', ...init }),
    signedIn: (userId = randomUUID(), sessionId = randomUUID()) => ({
      authorization: `Bearer ${auth.signer.sign({ claims: { sub: userId, sid: sessionId } })}`,
    }),
  }
}

export function jsonBody(value: unknown, method = 'POST'): RequestInit & { headers: Record<string, string> } {
  return { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) }
}
