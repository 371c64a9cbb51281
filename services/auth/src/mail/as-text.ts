import type { Letter } from './letters.ts'

/** A letter as plain text; the link has a line to itself, so that no program breaks it. */
export function asText({ greeting, paragraphs, button, note }: Letter): string {
  const link = button ? [`${button.label}:\n${button.url}`] : []
  return `${[greeting, ...paragraphs, ...link, note, '-- \nKinora'].join('\n\n')}\n`
}
