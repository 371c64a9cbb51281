import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { extname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startGatewaySystem } from './gateway-system.ts'
import { median, medianRatio } from './median.ts'

const ROUNDS = 5
const ROUND_MS = 8000
const CONCURRENCY = 64
/** Pause between two requests of the signed-in user. */
const LOOK_MS = 20

/**
 * Sign-ins a second with 64 in flight, against bcrypt alone at the same cost on as many cores; and the time of a signed-in GET
 * meanwhile, against that without sign-ins. Interleaved rounds, medians.
 *
 *   npx tsx --conditions=development bench/logins.bench.ts      (after npm run build)
 */
export async function loginsBench(print: (line: string) => void = console.log): Promise<void> {
  const system = await startGatewaySystem()
  const program = fileURLToPath(new URL(`./logins-baseline${extname(import.meta.url)}`, import.meta.url))
  const bare = fork(program)
  try {
    await once(bare, 'message')
    const person = await system.signUp()
    const look = () => timedGet(`${system.url}/v1/auth/me`, person.token)
    const rates = { bare: [] as number[], ours: [] as number[] }
    const looks = { quiet: [] as number[], busy: [] as number[] }
    for (let round = 0; round < ROUNDS; round++) {
      looks.quiet.push((await during(sleep(ROUND_MS / 2), look))[1])
      rates.bare.push(await bcryptAlone(bare))
      const [rate, meanwhile] = await during(signIns(system.url, person.email), look)
      rates.ours.push(rate)
      looks.busy.push(meanwhile)
    }
    print(
      `sign-ins, ${CONCURRENCY} in flight: bcrypt alone ${median(rates.bare).toFixed(2)}/s, ours ${median(rates.ours).toFixed(2)}/s`,
    )
    print(`  ratio ${medianRatio(rates.ours, rates.bare).toFixed(2)} (goal ≥ 0.9)`)
    print(
      `  a signed-in GET meanwhile ${median(looks.busy).toFixed(1)} ms, quiet ${median(looks.quiet).toFixed(1)} ms: ratio ${medianRatio(looks.busy, looks.quiet).toFixed(2)} (goal < 3)`,
    )
  } finally {
    bare.disconnect()
    await system.stop()
  }
}

async function bcryptAlone(bare: ChildProcess): Promise<number> {
  bare.send(ROUND_MS)
  const [rate] = (await once(bare, 'message')) as [number]
  return rate
}

/** Sign-ins a second; refused ones are repeated after the pause in the answer. */
async function signIns(url: string, email: string): Promise<number> {
  const started = performance.now()
  const elapsed = () => performance.now() - started
  let count = 0
  let lastMs = 0
  const one = async () => {
    while (elapsed() < ROUND_MS) {
      const answer = await post(`${url}/v1/auth/login`, { email, password: 'correct horse battery' })
      if (answer.status === 200) {
        count++
        lastMs = elapsed()
      } else if (answer.status >= 503) await sleep(Number(answer.headers.get('retry-after') ?? 1) * 1000)
      else throw new Error(`login answered ${answer.status}: ${await answer.text()}`)
      await answer.text().catch(() => '')
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, one))
  return count / (lastMs / 1000)
}

/** The result of `whole`, and the median time of a `look` until then. */
async function during<T>(whole: Promise<T>, look: () => Promise<number>): Promise<[T, number]> {
  const taken: number[] = []
  let over = false
  const end = whole.finally(() => {
    over = true
  })
  const looking = async () => {
    while (!over) {
      taken.push(await look())
      await sleep(LOOK_MS)
    }
  }
  const [result] = await Promise.all([end, looking()])
  return [result, median(taken)]
}

async function timedGet(url: string, token: string): Promise<number> {
  const started = performance.now()
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  await answer.text()
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`)
  return performance.now() - started
}

function post(url: string, json: object): Promise<Response> {
  return fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await loginsBench()
