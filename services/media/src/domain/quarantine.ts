const DAY_MS = 24 * 3600 * 1000

/** When files that were swept on `day` (UTC) have been in quarantine for `days` whole days, in ms since 1970. */
export function emptiedAfter(day: string, days: number): number {
  return Date.parse(day) + (days + 1) * DAY_MS
}
