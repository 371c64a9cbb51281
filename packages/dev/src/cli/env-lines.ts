/** What is to be appended to an `.env` that says `present`, whose last line may have no end. */
export function envLines(present: string, variables: readonly [name: string, value: string][]): string {
  const lines = variables.map(([name, value]) => `${name}=${value}\n`).join('')
  return lines === '' || present === '' || present.endsWith('\n') ? lines : `\n${lines}`
}
