import { openBubblewrap } from '../../src/infra/bubblewrap.ts'
import { openDecoderWall } from '../../src/infra/decoder-wall.ts'
import { openLimits } from '../../src/infra/sandbox.ts'

/** Starts a tool that does not end by itself, and waits to be killed: wall, program, folder, socket. */
const [kind, program = '', cwd = '', socket = ''] = process.argv.slice(2)
const wall =
  kind === 'bubblewrap'
    ? await openBubblewrap()
    : kind === 'container'
      ? await openDecoderWall(socket)
      : await openLimits()
const limits = { memoryBytes: 2 ** 28, cpuSeconds: 30, wallSeconds: 30 }
const tool = wall?.start({ program, args: ['loop'], cwd, limits, outputBytes: 2 ** 20 })
await tool?.ended
