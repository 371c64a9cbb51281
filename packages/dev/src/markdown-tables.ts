/** A row of a table, by the names of its columns. */
export type Row = Record<string, string>

const UNESCAPED_BAR = /(?<!\\)\|/

/** The rows of all tables below one heading, or of a whole page. */
export function tableRows(page: string, heading?: string): Row[] {
  const lines = (heading === undefined ? page : sectionOf(page, heading)).split('\n')
  let columns: string[] | undefined
  return lines.flatMap((line) => {
    if (!line.startsWith('|')) columns = undefined
    if (!line.startsWith('|') || /^\|[ :|-]+\|$/.test(line)) return []
    const cells = line
      .split(UNESCAPED_BAR)
      .slice(1, -1)
      .map((cell) => cell.trim())
    if (!columns) {
      columns = cells
      return []
    }
    return [Object.fromEntries(columns.map((column, i) => [column, cells[i] ?? '']))]
  })
}

function sectionOf(page: string, heading: string): string {
  const [, section] = page.split(`\n## ${heading}\n`)
  if (section === undefined) throw new Error(`There is no heading "${heading}"`)
  return section.split('\n## ')[0] ?? ''
}
