import { openBubblewrap } from '../../src/infra/bubblewrap.ts'
import { openLimits } from '../../src/infra/choose-sandbox.ts'
import { openDecoderSandbox } from '../../src/infra/decoder-sandbox.ts'

/** Starts a tool that does not end by itself, and waits to be killed: sandbox, program, folder, socket. */
const [kind, program = '', cwd = '', socket = ''] = process.argv.slice(2)
const sandbox =
  kind === 'bubblewrap'
    ? await openBubblewrap()
    : kind === 'container'
      ? await openDecoderSandbox(socket)
      : await openLimits()
const limits = { memoryBytes: 2 ** 28, cpuSeconds: 30, wallSeconds: 30 }
const tool = sandbox?.start({ program, args: ['loop'], cwd, limits, outputBytes: 2 ** 20 })
await tool?.ended
