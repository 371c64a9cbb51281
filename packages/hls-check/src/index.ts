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
export { folderSource } from './source/folder.ts'
export { FetchError, type FetchedFile, type Source, sliceRange } from './source/source.ts'
export { webSource } from './source/web.ts'
export type { FileDigest } from './walk.ts'
