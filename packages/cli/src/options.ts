import { InvalidArgumentError, Option } from 'commander'

/** For every list. */
export function limitOption(): Option {
  return new Option('--limit <count>', 'how many at most').default(50).argParser((text) => {
    if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('It must be a number from 1 to 999999.')
    return Number(text)
  })
}

/** `2026-11-24` or `2026-11-24T22:10:00Z` as the services want it. */
export function timeArgument(text: string): string {
  const time = new Date(text)
  if (!/^\d{4}-\d{2}-\d{2}/.test(text) || Number.isNaN(time.getTime())) {
    throw new InvalidArgumentError('It must look like 2026-11-24 or 2026-11-24T22:10:00Z.')
  }
  return time.toISOString()
}
