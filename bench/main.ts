import { spawnSync } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** `npm run bench` runs all; `npm run bench -- rpc upload` these two; `npm run bench -- transcode file.mp4` uses a clip. */
const BENCHES = ['rpc', 'gateway', 'logins', 'upload', 'transcode', 'playable', 'sandbox', 'delivery'] as const

const asked = process.argv.slice(2)
const clips = asked.filter((word) => !(BENCHES as readonly string[]).includes(word))
const chosen = BENCHES.filter((name) => asked.length === clips.length || asked.includes(name))

for (const name of chosen) {
  const program = fileURLToPath(new URL(`./${name}.bench${extname(import.meta.url)}`, import.meta.url))
  // Each runs in its own process, so that none inherits another's heap and optimised code.
  const { status } = spawnSync(
    process.execPath,
    [...process.execArgv, program, ...(name === 'transcode' ? clips : [])],
    {
      stdio: 'inherit',
    },
  )
  if (status !== 0) process.exitCode = 1
  console.log()
}
