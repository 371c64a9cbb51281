import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/**
 * The baseline of an upload: bare node:http that hashes, streams to a file and flushes it. Forked with its folder in the
 * environment; reports its port.
 */
const folder = process.env.BENCH_FOLDER ?? ''
let files = 0

const server = createServer(async (req, res) => {
  const path = join(folder, `upload-${files++}`)
  const hash = createHash('sha256')
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      done(null, chunk)
    },
  })
  await pipeline(req, hashing, createWriteStream(path))
  const file = await open(path, 'r+')
  await file.datasync()
  await file.close()
  res.end(JSON.stringify({ sha256: hash.digest('hex'), path }))
})
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.once('disconnect', () => process.exit())
