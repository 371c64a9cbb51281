/** What a script can tell apart. */
export const EXIT = { ok: 0, refused: 1, usage: 2, unreachable: 3 } as const
