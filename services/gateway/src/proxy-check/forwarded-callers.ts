const KEPT = 200
/** Enough of a header to tell two apart. */
const KEPT_CHARACTERS = 100

export interface ForwardedCallers {
  /** One that came with X-Forwarded-For. */
  note(address: string, forwardedFor: string): void
  /** Whether all that were seen lately look like one client, although what they forward says otherwise. */
  lookLikeOne(): boolean
}

/** The latest requests that came with X-Forwarded-For, in the memory of this process only. */
export function forwardedCallers(): ForwardedCallers {
  const seen: { address: string; forwardedFor: string }[] = []
  let next = 0
  return {
    note(address, forwardedFor) {
      seen[next] = { address, forwardedFor: forwardedFor.slice(0, KEPT_CHARACTERS) }
      next = (next + 1) % KEPT
    },
    lookLikeOne() {
      const addresses = new Set(seen.map((it) => it.address))
      const forwarded = new Set(seen.map((it) => it.forwardedFor))
      return addresses.size === 1 && forwarded.size > 1
    },
  }
}
