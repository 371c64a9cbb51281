import { RULES, type RuleId } from './rules/table.ts'

export interface Verdict {
  rule: RuleId
  says: string
  source: string
  /** `unchecked`: there was nothing that the rule is about, or what it is about could not be read. */
  verdict: 'kept' | 'broken' | 'unchecked'
  /** Where it is broken, the first few places. */
  where: string[]
}

const PLACES_KEPT = 5

/** Gathers, rule by rule, where a presentation was looked at and what was wrong there. */
export class Findings {
  readonly #places = new Map<RuleId, string[]>()

  /** Notes whether a rule holds in one place, and tells it again. */
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
