import { z } from 'zod'

/**
 * The protocol of worker and decoder on a Unix socket, with one connection for each run. Every message is a frame: type (one
 * byte), length of the content (four bytes, big-endian), content.
 */
export const FRAME = {
  /** From the worker: a `DecoderJob` in JSON. The first frame, sent once. */
  job: 1,
  /** From the worker: the name of a signal. */
  signal: 2,
  /** From the decoder: output of the tool. */
  stdout: 3,
  stderr: 4,
  /** From the decoder: how the tool ended (`ProcessEnd` in JSON). The last frame. */
  end: 5,
} as const

const MAX_FRAME = 1024 * 1024
const MAX_ARGUMENTS = 2000

/** Name of a folder that `createWorkspace` created. */
const WorkspaceName = z
  .string()
  .regex(/^[A-Za-z0-9.-]+@\d+-\d+-\w+$/)
  .max(200)

export const DecoderJob = z.discriminatedUnion('kind', [
  /** Checks that the decoder accepts jobs. */
  z.object({ kind: z.literal('ping') }),
  z.object({
    kind: z.literal('run'),
    program: z.enum(['ffmpeg', 'ffprobe']),
    args: z.array(z.string().regex(/^[^\0]*$/)).max(MAX_ARGUMENTS),
    /** Null when no workspace is needed. */
    workspace: WorkspaceName.nullable(),
    memoryBytes: z.number().int().positive(),
    cpuSeconds: z.number().int().positive(),
    outputBytes: z.number().int().nonnegative(),
  }),
  /** Removes all files that tools have created in a workspace. */
  z.object({ kind: z.literal('clean'), workspace: WorkspaceName }),
])
export type DecoderJob = z.infer<typeof DecoderJob>

export const SIGNALS = ['SIGSTOP', 'SIGCONT', 'SIGKILL'] as const

export const ProcessEndFrame = z.object({
  exitCode: z.number().int().nullable(),
  killedBy: z.custom<NodeJS.Signals>((value) => typeof value === 'string' && value.startsWith('SIG')).nullable(),
})

export function encodeFrame(type: number, content: Buffer | string): Buffer {
  const bytes = Buffer.from(content as string)
  const head = Buffer.alloc(5)
  head.writeUInt8(type)
  head.writeUInt32BE(bytes.length, 1)
  return Buffer.concat([head, bytes])
}

/** Returns a function that takes chunks and calls `onFrame` for each complete frame. It throws for a frame that is too long. */
export function frameReader(onFrame: (type: number, content: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    while (rest.length >= 5) {
      const length = rest.readUInt32BE(1)
      if (length > MAX_FRAME) throw new RangeError(`a frame of ${length} bytes is too long`)
      if (rest.length < 5 + length) return
      onFrame(rest.readUInt8(0), rest.subarray(5, 5 + length))
      rest = rest.subarray(5 + length)
    }
  }
}
