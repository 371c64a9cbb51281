import { createHash } from 'node:crypto'
import { AppError } from '../../errors.ts'
import { measure } from '../pieces.ts'
import type { Piece, StorageKey, Store, Written } from '../store.ts'

/*
 * A piece is a folder of objects, because objects cannot be appended to. Each name contains the object's offset and length, so
 * that a list of them shows how far the piece goes without a gap.
 */

const OBJECT_BYTES = 8 * 1024 * 1024
/** Bytes of a slow client are written after this time, because bytes in memory are lost with the process. */
const OBJECT_MS = 5000

export async function writeObjectPiece(
  store: Store,
  key: StorageKey,
  chunks: AsyncIterable<Buffer>,
  maxBytes: number,
): Promise<Written> {
  const hash = createHash('sha256')
  let gathered: Buffer[] = []
  let [begun, bytes] = [0, 0]
  let storing: Promise<void> = Promise.resolve()

  /** Writes one object after another, so that there is never a gap. */
  function flush(): Promise<void> {
    if (bytes === 0) return storing
    const content = Buffer.concat(gathered)
    const name = `${begun}-${bytes}`
    begun += bytes
    gathered = []
    bytes = 0
    storing = storing.then(() => store.put(`${key}/${name}`, content))
    return storing
  }

  // A silent client sends no chunk that would trigger a flush. A failure is thrown at the next chunk or at the end.
  const timer = setInterval(() => flush().catch(() => {}), OBJECT_MS)
  try {
    for await (const chunk of chunks) {
      await storing
      if (begun + bytes + chunk.length > maxBytes) throw new AppError('UPLOAD_TOO_LARGE')
      hash.update(chunk)
      gathered.push(chunk)
      bytes += chunk.length
      if (bytes >= OBJECT_BYTES) await flush()
    }
    await flush()
  } finally {
    clearInterval(timer)
  }
  return { bytes: begun, sha256: hash.digest('hex') }
}

export async function sealObjectPiece(store: Store, key: StorageKey): Promise<number> {
  return (await objectsOf(store, key)).reduce((sum, { bytes }) => sum + bytes, 0)
}

export async function joinObjectPieces(store: Store, pieces: readonly Piece[], key: StorageKey): Promise<Written> {
  if (await store.stat(key)) return await measure(store.read(key))
  const bytes = pieces.reduce((sum, piece) => sum + piece.bytes, 0)
  return await store.write(key, contentOf(store, pieces), { maxBytes: bytes, expectedBytes: bytes })
}

async function* contentOf(store: Store, pieces: readonly Piece[]): AsyncGenerator<Buffer> {
  for (const piece of pieces) {
    for (const { key, at, bytes } of await objectsOf(store, piece.key)) {
      // A writer that was superseded may have added more.
      const end = Math.min(bytes, piece.bytes - at) - 1
      if (end >= 0) yield* store.read(key, { start: 0, end })
    }
  }
}

interface PieceObject {
  key: StorageKey
  at: number
  bytes: number
}

/** The objects of a piece in order, up to the first gap. */
async function objectsOf(store: Store, key: StorageKey): Promise<PieceObject[]> {
  const found: PieceObject[] = []
  for await (const object of store.list(key)) {
    const [at = Number.NaN, bytes = Number.NaN] = (object.split('/').at(-1) ?? '').split('-').map(Number)
    found.push({ key: object, at, bytes })
  }
  found.sort((one, other) => one.at - other.at)
  let length = 0
  for (const [index, { at, bytes }] of found.entries()) {
    if (at !== length) return found.slice(0, index)
    length += bytes
  }
  return found
}
