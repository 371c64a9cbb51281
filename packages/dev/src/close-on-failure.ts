import { Lifecycle } from '@kinora/common/service'

/**
 * Runs `open` with a life cycle for what it opens; when it fails, what was open by then is closed before the error goes on.
 * When it succeeds the caller closes the same life cycle.
 */
export async function closeOnFailure<T>(open: (life: Lifecycle) => Promise<T>): Promise<T> {
  const life = new Lifecycle()
  try {
    return await open(life)
  } catch (error) {
    await life.close().catch(() => {})
    throw error
  }
}
