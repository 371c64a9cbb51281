/** A running tool that can be paused. */
export interface Pausable {
  pause(): void
  resume(): void
}

/**
 * While a viewer waits for the first seconds of a video, pauses all tools on this machine except those that make them.
 * Priorities of the kernel cannot do this: each tool runs in its own session, and Linux shares processors between
 * sessions first (sched(7), autogroup).
 */
export class PriorityGate {
  readonly #urgent = new Set<PrioritySlot>()
  readonly #pausable = new Set<Pausable>()

  /** Opens a slot for one task. Tools of an urgent slot run before all others until the slot is released. */
  enter(urgent: boolean): PrioritySlot {
    const slot = new PrioritySlot(this)
    if (urgent) {
      this.#urgent.add(slot)
      if (this.#urgent.size === 1) for (const tool of this.#pausable) tool.pause()
    }
    return slot
  }

  isUrgent(slot: PrioritySlot): boolean {
    return this.#urgent.has(slot)
  }

  /** From now on `tools` of this slot are paused for urgent slots, like those of any other. */
  release(slot: PrioritySlot, tools: Iterable<Pausable>): void {
    if (!this.#urgent.delete(slot)) return
    if (this.#urgent.size === 0) for (const tool of this.#pausable) tool.resume()
    for (const tool of tools) this.add(tool)
  }

  /** Registers a tool that is paused while any slot is urgent. */
  add(tool: Pausable): void {
    this.#pausable.add(tool)
    if (this.#urgent.size > 0) tool.pause()
  }

  remove(tool: Pausable): void {
    this.#pausable.delete(tool)
  }
}

/** The place of one task among all tasks of this machine. */
export class PrioritySlot {
  readonly #gate: PriorityGate
  readonly #tools = new Set<Pausable>()

  constructor(gate: PriorityGate) {
    this.#gate = gate
  }

  /** Registers a running tool. Returns how to remove it when it has ended, or may not be paused any longer. */
  add(tool: Pausable): () => void {
    this.#tools.add(tool)
    if (!this.#gate.isUrgent(this)) this.#gate.add(tool)
    return () => {
      this.#tools.delete(tool)
      this.#gate.remove(tool)
    }
  }

  /** Ends the urgency of the task: its urgent part is done, or the task has ended. May be called repeatedly. */
  release(): void {
    this.#gate.release(this, this.#tools)
  }
}
