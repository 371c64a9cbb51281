import { createServer } from 'node:net'

const handedOut = new Set<number>()

/** A TCP port that was free on loopback a moment ago; never the same one twice from one process. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await portFromKernel()
    if (!handedOut.has(port)) {
      handedOut.add(port)
      return port
    }
  }
}

function portFromKernel(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => {
        if (address && typeof address === 'object') resolve(address.port)
        else reject(new Error('The kernel gave no port'))
      })
    })
  })
}
