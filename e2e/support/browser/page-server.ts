import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** The client that the documentation shows, as it shows it. */
const EXAMPLE = readFileSync(new URL('../../../docs/identity/browser-sessions.md', import.meta.url), 'utf8')
const SCRIPT = /```js\n([\s\S]*?)```/.exec(EXAMPLE)?.[1] ?? ''

const PAGE = `<!doctype html><title>A page</title><script type="module">
  import { createSession } from '/session.js'
  window.createSession = createSession
</script>`

export type PageServer = { port: number; close: () => void }

/** Serves one page, which offers `createSession`, on a port and so an origin of its own. */
export async function servePage(): Promise<PageServer> {
  const server = createServer((req, res) => {
    const isScript = req.url === '/session.js'
    res.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    res.end(isScript ? SCRIPT : PAGE)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
