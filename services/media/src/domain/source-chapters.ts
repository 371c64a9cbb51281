import { type Chapter, MAX_CHAPTER_TITLE, type SourceChapter, type SourceFacts } from '@kinora/common/contracts'

/**
 * Chapters of a source as those of the video that is made of it, which may be a part of it: on the video's clock, in order,
 * each with a title. The one that runs when the video begins starts with it; what starts behind the end is left out.
 */
export function chaptersOf(found: readonly SourceChapter[], { durationSeconds, video }: SourceFacts): Chapter[] {
  const placed = found
    .map(({ start, title }, index) => ({
      start: secondsIn(start, video),
      title: cleaned(title) || `Chapter ${index + 1}`,
    }))
    .filter(({ start }) => start < durationSeconds)
    .toSorted((one, other) => one.start - other.start)
  // Of those that start at once, the last.
  return placed.filter(({ start }, index) => placed[index + 1]?.start !== start)
}

function secondsIn(start: number, { startTime }: SourceFacts['video']): number {
  return Math.max(0, Math.round((start - startTime) * 1000) / 1000)
}

/** By the rules for titles that owners write: one line without control characters; nor half a character, where it was cut. */
function cleaned(title: string): string {
  return title
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, MAX_CHAPTER_TITLE)
    .replace(/\p{Cs}/gu, '')
    .trim()
}
