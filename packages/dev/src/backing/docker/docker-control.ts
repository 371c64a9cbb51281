import { getContainerRuntimeClient, type StartedTestContainer } from 'testcontainers'
import { waitUntilReady } from '../../wait-until-ready.ts'
import type { ServerControl } from '../backing.ts'

const GRACE_SECONDS = 15
const READY_MS = 60_000

/** Testcontainers itself can neither kill nor pause, and maps new ports on restart: the engine's own calls do not. */
export async function dockerControl(
  container: StartedTestContainer,
  probe: () => Promise<unknown>,
): Promise<ServerControl> {
  const client = await getContainerRuntimeClient()
  const handle = client.container.getById(container.getId())
  return {
    kill: async () => void (await handle.kill()),
    stop: async () => void (await handle.stop({ t: GRACE_SECONDS })),
    start: async () => {
      await handle.start()
      await waitUntilReady(probe, { timeoutMs: READY_MS })
    },
    pause: async () => void (await handle.pause()),
    resume: async () => void (await handle.unpause()),
  }
}
