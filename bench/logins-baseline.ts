import { availableParallelism } from 'node:os'
import bcrypt from 'bcrypt'

/** The least work of a sign-in: bcrypt alone, at auth's cost, on as many cores as auth's gate admits. */
const COST = 12
const ADMITTED = Math.min(3, Math.max(1, availableParallelism() - 1))

const hash = await bcrypt.hash('correct horse battery', COST)

process.on('message', async (milliseconds: number) => {
  const started = performance.now()
  let count = 0
  const one = async () => {
    while (performance.now() - started < milliseconds) {
      await bcrypt.compare('correct horse battery', hash)
      count++
    }
  }
  await Promise.all(Array.from({ length: ADMITTED }, one))
  process.send?.(count / ((performance.now() - started) / 1000))
})
process.on('disconnect', () => process.exit())
process.send?.('ready')
