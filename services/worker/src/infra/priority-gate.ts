/** What can be told to stand still and to go on. */
export interface Pausable {
  pause(): void
  resume(): void
}

/**
 * While somebody waits for the first seconds of a video, all tools on this machine stand still but those that make them.
 * Priorities of the kernel do not do it: each tool runs in a session of its own, and Linux shares processors between
 * sessions first (sched(7), autogroup).
 */
export class Precedence {
  readonly #urgent = new Set<Turn>()
  readonly #yielding = new Set<Pausable>()

  /** For one task. Urgent ones go first until they give way. */
  enter(urgent: boolean): Turn {
    const turn = new Turn(this)
    if (urgent) {
      this.#urgent.add(turn)
      if (this.#urgent.size === 1) for (const tool of this.#yielding) tool.pause()
    }
    return turn
  }

  isUrgent(turn: Turn): boolean {
    return this.#urgent.has(turn)
  }

  /** From now on the tools of this task stand still for others, like those of any task that is not urgent. */
  giveWay(turn: Turn, tools: Iterable<Pausable>): void {
    if (!this.#urgent.delete(turn)) return
    if (this.#urgent.size === 0) for (const tool of this.#yielding) tool.resume()
    for (const tool of tools) this.yields(tool)
  }

  yields(tool: Pausable): void {
    this.#yielding.add(tool)
    if (this.#urgent.size > 0) tool.pause()
  }

  forget(tool: Pausable): void {
    this.#yielding.delete(tool)
  }
}

/** The place of one task among all tasks of this machine. */
export class Turn {
  readonly #precedence: Precedence
  readonly #tools = new Set<Pausable>()

  constructor(precedence: Precedence) {
    this.#precedence = precedence
  }

  /** Registers a tool that runs; returns how to take it off the list when it has ended, or may not stand still any longer. */
  runs(tool: Pausable): () => void {
    this.#tools.add(tool)
    if (!this.#precedence.isUrgent(this)) this.#precedence.yields(tool)
    return () => {
      this.#tools.delete(tool)
      this.#precedence.forget(tool)
    }
  }

  /** What it was urgent for is done, or the task has ended. */
  giveWay(): void {
    this.#precedence.giveWay(this, this.#tools)
  }
}
