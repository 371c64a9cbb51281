/**
 * Open resources, closed in reverse order of opening. A start that fails closes what it has opened so far, because `close`
 * closes everything that was registered until then.
 */
export class Lifecycle {
  readonly #closers: { name: string; close: () => unknown }[] = []
  #closing: Promise<void> | undefined

  /** Registers how to close `resource`, and returns it. */
  use<T>(resource: T, name: string, close: (resource: T) => unknown): T {
    this.#closers.push({ name, close: () => close(resource) })
    return resource
  }

  /**
   * Closes everything once; later calls wait for the first one. Tries all, then throws the failures as an
   * `AggregateError`.
   */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll()
    return this.#closing
  }

  async #closeAll(): Promise<void> {
    const failures: unknown[] = []
    for (const { name, close } of this.#closers.splice(0).reverse()) {
      try {
        await close()
      } catch (error) {
        failures.push(new Error(`closing ${name} failed`, { cause: error }))
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'not everything could be closed')
  }
}

/**
 * Runs `open` with a lifecycle for the resources that it opens. When `open` fails, they are closed and its error is thrown
 * again; when it succeeds, the caller closes the lifecycle.
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
