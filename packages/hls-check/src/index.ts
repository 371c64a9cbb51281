export {
  type CheckOptions,
  checkPresentation,
  type Expected,
  NotAPlaylist,
  type Report,
} from './check-presentation.ts'
export type { Verdict } from './findings.ts'
export { digestOfContents } from './measure-rendition.ts'
export { RULES, type RuleId } from './rules/table.ts'
export { FetchError, type FetchedFile, folderSource, type Source, sliceRange, webSource } from './source.ts'
export type { FileDigest } from './walk.ts'
