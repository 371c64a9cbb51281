/**
 * What a service has opened, closed in reverse order. A start that fails half-way closes what it opened so far, because
 * `close` works on whatever was registered until then.
 */
export class Lifecycle {
  readonly #closers: { name: string; close: () => unknown }[] = []
  #closing: Promise<void> | undefined

  /** Registers how to close `resource` and hands it back. */
  use<T>(resource: T, name: string, close: (resource: T) => unknown): T {
    this.#closers.push({ name, close: () => close(resource) })
    return resource
  }

  /** Closes everything once; later calls wait for the first. Throws what failed, after all have been tried. */
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
