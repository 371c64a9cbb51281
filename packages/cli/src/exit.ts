/** Exit codes of the command line. */
export const EXIT = { ok: 0, refused: 1, usage: 2, unreachable: 3 } as const

/** The command ran and its answer is no: exit code 1. */
export class RefusedError extends Error {}

/** The arguments are wrong: exit code 2. */
export class UsageError extends Error {}
