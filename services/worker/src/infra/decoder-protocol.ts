import { z } from 'zod'

/**
 * What worker and decoder say to each other on a Unix socket, a connection for each run. Every message is a frame: its type
 * (one byte), the length of its content (four bytes, big-endian), the content.
 */
export const FRAME = {
  /** Worker: a `DecoderJob`, as JSON. The first frame, and only once. */
  job: 1,
  /** Worker: the name of a signal. */
  signal: 2,
  /** Decoder: what the tool printed. */
  stdout: 3,
  stderr: 4,
  /** Decoder: how the tool ended (`ProcessEnd`, as JSON). The last frame. */
  end: 5,
} as const

const MAX_FRAME = 1024 * 1024
const MAX_ARGUMENTS = 2000

/** Name of a workspace, as `createWorkspace` makes it. */
const WorkspaceName = z
  .string()
  .regex(/^[A-Za-z0-9.-]+@\d+-\d+-\w+$/)
  .max(200)

export const DecoderJob = z.discriminatedUnion('kind', [
  /** Asks whether the decoder takes jobs. */
  z.object({ kind: z.literal('ping') }),
  z.object({
    kind: z.literal('run'),
    program: z.enum(['ffmpeg', 'ffprobe']),
    args: z.array(z.string().regex(/^[^\0]*$/)).max(MAX_ARGUMENTS),
    /** Null: no workspace is needed. */
    workspace: WorkspaceName.nullable(),
    memoryBytes: z.number().int().positive(),
    cpuSeconds: z.number().int().positive(),
    outputBytes: z.number().int().nonnegative(),
  }),
  /** Removes all that a tool has made in a workspace. */
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

/** Calls `onFrame` for each frame of the chunks that are given to the result. Throws for a frame that is too long. */
export function frameReader(onFrame: (type: number, content: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    while (rest.length >= 5) {
      const length = rest.readUInt32BE(1)
      if (length > MAX_FRAME) throw new RangeError(`a frame of ${length} bytes`)
      if (rest.length < 5 + length) return
      onFrame(rest.readUInt8(0), rest.subarray(5, 5 + length))
      rest = rest.subarray(5 + length)
    }
  }
}
