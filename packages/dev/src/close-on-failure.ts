import { Lifecycle } from '@kinora/common/service'

/**
 * Runs `open` with a life cycle for the resources that it opens. When it fails, closes them and rethrows the error; when it
 * succeeds, the caller closes the life cycle.
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
