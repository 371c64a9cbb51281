import { type Blank, type ByteFile, bounded, type WebFile, WindowedFile } from './byte-file.ts'
import { findMetadata, readBox } from './mp4-metadata.ts'
import { readTracks } from './mp4-tracks.ts'

/** Boxes at the top level; a file that is written in fragments has two of them every few seconds. */
const MAX_BOXES = 400
const WINDOW = 64 * 1024
/** Indexes of twelve hours have some 30 MB. */
const MAX_INDEX = 32 * 1024 * 1024
const MAX_FRAGMENT = 4 * 1024 * 1024
const MAX_READS = 200

/**
 * An MP4 or QuickTime file that browsers play while it loads: its index comes before its frames, and all its audio and video is in
 * codecs that they have. Null for all others, and for what is no such file from its first byte on. Throws `RangeError` on a malformed
 * index.
 */
export async function readMp4(bytes: ByteFile): Promise<WebFile | null> {
  const file = new WindowedFile(bytes, WINDOW)
  const blanks: Blank[] = []
  let understood = true
  let tracks: ReturnType<typeof readTracks> | undefined
  let at = 0
  for (let boxes = 0; at < file.size; boxes += 1) {
    const box = await topBox(file, at)
    if (boxes === 0 && box?.type !== 'ftyp') return null
    if (box && box.end > file.size && (!tracks || box.type === 'mdat')) return null
    if (!box || box.end > file.size || boxes === MAX_BOXES || file.reads > MAX_READS) {
      understood = false
      break
    }
    if (box.type === 'moov' && !tracks) {
      if (box.end - box.start > MAX_INDEX) return null
      const index = await file.read(box.start, box.end - box.start)
      tracks = readTracks(index)
      blanks.push(...findMetadata(index, box.start))
    } else if (box.type === 'mdat') {
      if (!tracks) return null
    } else if (box.type === 'moof') {
      if (box.end - box.start > MAX_FRAGMENT) throw new RangeError('a fragment that is too large')
      blanks.push(...findMetadata(await file.read(box.start, box.end - box.start), box.start))
    } else if (!PLAIN.includes(box.type)) {
      blanks.push(...findMetadata(await file.peek(box.start, box.body - box.start), box.start, box.end - box.start))
    }
    at = box.end
  }
  if (!tracks?.playable) return null
  return { contentType: 'video/mp4', blanks: understood && tracks.plain ? bounded(blanks) : null }
}

/** Boxes at the top level whose content is needed. */
const PLAIN = ['ftyp', 'styp', 'sidx', 'mfra']

async function topBox(file: WindowedFile, at: number) {
  const header = await file.peek(at, 16)
  return header.length < 8 ? null : readBox(header, 0, at, file.size)
}
