import type { Findings } from '../findings.ts'
import type { MediaPlaylist } from '../playlist/playlist.ts'

interface Named {
  name: string
  playlist: MediaPlaylist
}

/** What a media playlist says by itself. */
export function checkMediaPlaylist(findings: Findings, { name, playlist }: Named): void {
  const { targetDuration, type, ended, segments } = playlist
  const longest = Math.max(0, ...segments.map(({ extinf }) => Math.round(extinf)))
  findings.check('HLS-01', segments.length > 0, `${name} names no segment`)
  findings.check('HLS-05', longest <= (targetDuration ?? -1), `${name} has ${longest} s, says ${targetDuration} s`)
  findings.check('HLS-06', type === 'VOD', `${name} says ${type ?? 'nothing'}`)
  findings.check('HLS-07', ended, name)
}

/** Section 6.2.4: one target duration, but for subtitles and I-frames. */
export function checkSameTarget(findings: Findings, playlists: readonly Named[]): void {
  const [first, ...others] = playlists
  for (const { name, playlist } of others) {
    const [own, wanted] = [playlist.targetDuration, first?.playlist.targetDuration]
    findings.check('HLS-05', own === wanted, `${name} says ${own} s, ${first?.name} ${wanted} s`)
  }
}
