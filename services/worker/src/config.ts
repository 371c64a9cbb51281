import { availableParallelism, hostname } from 'node:os'
import { integer, list, serviceConfig } from '@kinora/common/service'
import { storageSettings } from '@kinora/common/storage'
import { z } from 'zod'
import type { SourceLimits } from './domain/source-limits.ts'

const cores = availableParallelism()
/** Two threads per task keep a machine busy during the single-threaded ends of encodes; more only add latency. */
const longSlots = Math.max(1, Math.floor(cores / 2))

export const workerConfig = serviceConfig.extend({
  ...storageSettings,
  WORK_DIR: z.string().default('/tmp/kinora-worker'),
  /** With S3: megabytes of `WORK_DIR` for fetched sources that may be needed again. */
  SOURCE_CACHE_MB: integer(0, 10_485_760).default(4096),
  WORKER_NAME: z
    .string()
    .max(60)
    .regex(/^[A-Za-z0-9._-]+$/)
    .default(() =>
      hostname()
        .replace(/[^A-Za-z0-9._-]/g, '-')
        .slice(0, 60),
    ),
  /** Number of video chunks at the same time. */
  WORKER_SLOTS_LONG: integer(0, 64).default(longSlots),
  /** Number of probes, audio tracks and final checks at the same time; they are short and must not wait for chunks. */
  WORKER_SLOTS_SHORT: integer(0, 64).default(3),
  /** Threads of each ffmpeg; 0: the cores are shared between the long slots. */
  WORKER_THREADS: integer(0, 64).default(0),
  /** Sandbox of ffmpeg, see docs/threat-model.md. `auto` takes the strictest that is available. */
  TOOL_SANDBOX: z.enum(['auto', 'bubblewrap', 'container', 'none']).default('auto'),
  /** Unix socket of the decoder in another container; empty when there is no decoder. */
  DECODER_SOCKET: z.string().default(''),
  /** Engine for automatic captions: the command of a program, or an address. See docs/media/transcription.md. */
  TRANSCRIBE_COMMAND: z.string().default(''),
  /** Folders that the program reads, such as that of its models. */
  TRANSCRIBE_FOLDERS: list,
  /** Sandbox of the program. `auto` takes bubblewrap where it is available. */
  TRANSCRIBE_SANDBOX: z.enum(['auto', 'bubblewrap', 'none']).default('auto'),
  /** Memory of the program. */
  TRANSCRIBE_MEMORY_MB: integer(64, 1_048_576).default(4096),
  TRANSCRIBE_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** Sent as a bearer token to that address. */
  TRANSCRIBE_API_KEY: z.string().default(''),
  TRANSCRIBE_MODEL: z.string().default('whisper-1'),
  TRANSCRIBE_FORMAT: z.enum(['verbose_json', 'vtt']).default('verbose_json'),
  /** Seconds that the engine may take for one piece of audio. */
  TRANSCRIBE_TIMEOUT_SECONDS: integer(1, 1600).default(1200),
  /** Number of pieces at the same time; 0: none. */
  WORKER_SLOTS_TRANSCRIBE: integer(0, 64).default(1),
  FFMPEG_PATH: z.string().default('ffmpeg'),
  FFPROBE_PATH: z.string().default('ffprobe'),
  X264_PRESET: z
    .enum(['ultrafast', 'superfast', 'veryfast', 'faster', 'fast', 'medium', 'slow', 'slower'])
    .default('veryfast'),
  MAX_DURATION_SECONDS: integer(1, 7 * 86_400).default(12 * 3600),
  MAX_PIXELS: integer(1, 2 ** 31 - 1).default(8192 * 4320),
  MAX_FRAME_RATE: integer(1, 10_000).default(480),
  MAX_STREAMS: integer(1, 1000).default(64),
  /** Memory of one ffmpeg. */
  MAX_MEMORY_MB: integer(256, 1_048_576).default(2048),
  /** Duration of one task; must be below the broker's consumer timeout of 30 minutes. */
  MAX_TASK_SECONDS: integer(5, 1700).default(1500),
})
export type WorkerConfig = z.output<typeof workerConfig>

/** Threads that one ffmpeg may use. */
export function threadsPerTask(config: WorkerConfig): number {
  if (config.WORKER_THREADS > 0) return config.WORKER_THREADS
  return Math.max(1, Math.ceil(cores / Math.max(1, config.WORKER_SLOTS_LONG)))
}

export function sourceLimits(config: WorkerConfig): SourceLimits {
  return {
    durationSeconds: config.MAX_DURATION_SECONDS,
    pixels: config.MAX_PIXELS,
    frameRate: config.MAX_FRAME_RATE,
    streams: config.MAX_STREAMS,
  }
}
