import type { MasterPlaylist, MediaPlaylist } from '@kinora/formats/hls'
import type { Findings } from '../findings.ts'

interface Named {
  name: string
  playlist: MediaPlaylist
}

/** Rules for one media playlist, without its files. */
export function checkMediaPlaylist(findings: Findings, { name, playlist }: Named): void {
  const { targetDuration, type, ended, segments } = playlist
  const longest = Math.max(0, ...segments.map(({ extinf }) => Math.round(extinf)))
  findings.check('HLS-01', segments.length > 0, `${name} names no segment`)
  findings.check('HLS-05', longest <= (targetDuration ?? -1), `${name} has ${longest} s, says ${targetDuration} s`)
  findings.check('HLS-06', type === 'VOD', `${name} says ${type ?? 'nothing'}`)
  findings.check('HLS-07', ended, name)
}

/** RFC 8216 section 6.2.4: all playlists have one target duration, except those of subtitles and I-frames. */
export function checkSameTarget(findings: Findings, playlists: readonly Named[]): void {
  const [first, ...others] = playlists
  for (const { name, playlist } of others) {
    const [own, wanted] = [playlist.targetDuration, first?.playlist.targetDuration]
    findings.check('HLS-05', own === wanted, `${name} says ${own} s, ${first?.name} ${wanted} s`)
  }
}

/** RFC 8216 section 7: EXT-X-VERSION is at least what the playlist's tags need. */
export function checkVersion(findings: Findings, name: string, playlist: MasterPlaylist | MediaPlaylist): void {
  const needed = playlist.kind === 'media' ? neededFor(playlist) : 1
  findings.check('HLS-03', playlist.version >= needed, `${name} needs ${needed}, says ${playlist.version}`)
}

function neededFor({ segments, iFramesOnly }: MediaPlaylist): number {
  if (segments.some(({ map }) => map !== null)) return iFramesOnly ? 5 : 6
  if (iFramesOnly || segments.some(({ range }) => range !== null)) return 4
  return segments.some(({ extinf }) => !Number.isInteger(extinf)) ? 3 : 1
}
