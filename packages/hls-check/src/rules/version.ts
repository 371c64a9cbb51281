import type { Findings } from '../findings.ts'
import type { MasterPlaylist, MediaPlaylist } from '../playlist/playlist.ts'

/** RFC 8216 section 7: which version of the protocol a playlist needs. */
export function checkVersion(findings: Findings, name: string, playlist: MasterPlaylist | MediaPlaylist): void {
  const needed = playlist.kind === 'media' ? neededFor(playlist) : 1
  findings.check('HLS-03', playlist.version >= needed, `${name} needs ${needed}, says ${playlist.version}`)
}

function neededFor({ segments, iFramesOnly }: MediaPlaylist): number {
  if (segments.some(({ map }) => map !== null)) return iFramesOnly ? 5 : 6
  if (iFramesOnly || segments.some(({ range }) => range !== null)) return 4
  return segments.some(({ extinf }) => !Number.isInteger(extinf)) ? 3 : 1
}
