import { RULES, type RuleId } from './rules/table.ts'

export interface Verdict {
  rule: RuleId
  says: string
  source: string
  /** `unchecked`: the presentation has nothing that the rule applies to, or it could not be read. */
  verdict: 'kept' | 'broken' | 'unchecked'
  /** The first few places where it is broken. */
  where: string[]
}

const PLACES_KEPT = 5

/** Collects, for each rule, the places that were checked and those that break it. */
export class Findings {
  readonly #places = new Map<RuleId, string[]>()

  /** Records whether a rule holds in one place, and returns it. */
  check(rule: RuleId, holds: boolean, where: string): boolean {
    const places = this.#places.get(rule) ?? []
    if (!holds && places.length < PLACES_KEPT) places.push(where)
    this.#places.set(rule, places)
    return holds
  }

  verdicts(): Verdict[] {
    return (Object.keys(RULES) as RuleId[]).map((rule) => {
      const where = this.#places.get(rule)
      const verdict = where === undefined ? 'unchecked' : where.length === 0 ? 'kept' : 'broken'
      return { rule, ...RULES[rule], verdict, where: where ?? [] }
    })
  }
}
