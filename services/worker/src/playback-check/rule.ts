import { hostFault } from '../task-failure.ts'

/** Throws `VERIFICATION_FAILED` with the rule in words unless it holds; `where` is for the log. */
export function rule(holds: boolean, words: string, where: string): asserts holds {
  if (!holds) throw hostFault('VERIFICATION_FAILED', `The finished video was checked and refused: ${words}.`, where)
}
