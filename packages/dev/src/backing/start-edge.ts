import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Lifecycle } from '@kinora/common/service'
import { hasExited, spawnChild } from '../processes.ts'
import { REPOSITORY } from '../repository.ts'
import { waitUntilReady } from '../until.ts'
import { findNginx } from './native/binaries.ts'

export type EdgeOptions = {
  port: number
  /** Of the gateway. */
  gatewayPort: number
  /** What the gateway has as DELIVERY_SECRET. */
  secret: string
  /** The root of a store on this disk; for S3 any folder. */
  storageDir: string
  log: (line: string) => void
  /** Files of one address that it sends at once. */
  openFiles?: number
  /** More `server` blocks. */
  more?: string
}

export type Edge = { url: string; pid: number }

/**
 * Starts an nginx in front of a gateway, with the configuration that Kinora ships. nginx is installed from Debian's packages if
 * possible; otherwise this throws and names the package. It stops when `life` closes.
 */
export async function startEdge(options: EdgeOptions, life: Lifecycle): Promise<Edge> {
  const command = await findNginx(options.log)
  const dir = life.use(mkdtempSync(join(tmpdir(), 'kinora-edge-')), 'edge folder', (it) =>
    rmSync(it, { recursive: true, force: true, maxRetries: 3 }),
  )
  writeConfiguration(dir, options)
  const args = ['-e', 'stderr', '-p', dir, '-c', join(dir, 'nginx.conf')]
  const output: string[] = []
  const child = spawnChild({ command, args, deathSignal: 'SIGTERM', stdio: ['ignore', 'ignore', 'pipe'] })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => output.push(text))
  life.use(child, 'edge', stopNginx)
  const url = `http://127.0.0.1:${options.port}`
  await waitUntilReady(() => fetch(`${url}/livez`), {
    timeoutMs: 30_000,
    ended: () => (hasExited(child) ? `nginx ended: ${output.join('')}` : undefined),
  })
  return { url, pid: child.pid ?? 0 }
}

async function stopNginx(child: ChildProcess): Promise<void> {
  if (hasExited(child)) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}

function writeConfiguration(
  dir: string,
  { port, gatewayPort, secret, storageDir, openFiles = 60_000, more = '' }: EdgeOptions,
): void {
  const values: Record<string, string> = {
    GATEWAY: `127.0.0.1:${gatewayPort}`,
    EDGE_PORT: `127.0.0.1:${port}`,
    EDGE_CACHE_DIR: join(dir, 'cache'),
    EDGE_CACHE_SIZE: '1g',
    EDGE_RUN_DIR: dir,
    EDGE_RESOLVER: '127.0.0.1',
    STORAGE_DIR: join(storageDir, 'objects'),
    DELIVERY_SECRET: secret,
    EDGE_OPEN_FILES: String(openFiles),
    EDGE_OPEN_DOWNLOADS: '16',
    EDGE_FILES_RATE: '100000r/s',
    EDGE_FILES_BURST: '100000',
    EDGE_DOWNLOAD_RATE: '0',
  }
  mkdirSync(join(dir, 'cache'))
  const template = readFileSync(join(REPOSITORY, 'deploy/nginx/kinora.conf.template'), 'utf8')
  writeFileSync(
    join(dir, 'kinora.conf'),
    template.replaceAll(/\$\{([A-Z_]+)\}/g, (all, name) => values[name] ?? all),
  )
  writeFileSync(
    join(dir, 'nginx.conf'),
    `${process.getuid?.() === 0 ? 'user root;\n' : ''}daemon off;
worker_processes 1;
pid ${dir}/nginx.pid;
events { worker_connections 1024; }
http {
  access_log off;
  sendfile on;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${dir}/${name};`).join(' ')}
  include ${dir}/kinora.conf;
  ${more}
}
`,
  )
}
