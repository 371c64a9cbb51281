import { open } from 'node:fs/promises'
import type { SourceFacts } from '@kinora/common/contracts'
import ffmpeg, { type FfmpegCommand } from 'fluent-ffmpeg'
import { SOURCE_FILE } from '../infra/allowed-input.ts'
import { REPORTING } from '../infra/ffmpeg.ts'
import type { Tools } from '../infra/run-tool.ts'

/** What ffmpeg calls captions of CEA-608, in a track of their own or in the frames of a video. */
export const CLOSED_CAPTIONS = 'eia_608'

/**
 * How captions begin inside a frame, by the codec of the video: a message of ATSC A/53 part 4 in the supplemental information of
 * H.264 and HEVC; the same, or that of DVDs, in the user data of MPEG-2.
 */
const BEGINNINGS: Record<string, string[]> = {
  h264: ['b500314741393403'],
  hevc: ['b500314741393403'],
  mpeg2video: ['000001b24741393403', '000001b2434301f8'],
}

/** Bytes of a file that are looked at, at its beginning and in its middle. Captions are in nearly every frame, or in none. */
const LOOKED_AT = 1024 * 1024

/** Whether frames of this codec seem to have captions in them. Without decoding, which would delay every video for a few. */
export async function mayHaveClosedCaptions(path: string, codec: string): Promise<boolean> {
  const patterns = (BEGINNINGS[codec] ?? []).map((start) => Buffer.from(start, 'hex'))
  if (patterns.length === 0) return false
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const buffer = Buffer.alloc(Math.min(LOOKED_AT, size))
    for (const position of [0, Math.floor(size / 2)]) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, position)
      if (patterns.some((pattern) => buffer.subarray(0, bytesRead).includes(pattern))) return true
    }
    return false
  } finally {
    await file.close()
  }
}

/**
 * Decodes the whole video, because only a decoder brings the captions of its frames into their order. The filter `movie` opens
 * the file by itself, so the rules for input are given to it: the demuxer that the probe found, this file, and one decoder.
 */
export function closedCaptionsCommand(tools: Tools, { container, video }: SourceFacts, output: string): FfmpegCommand {
  const [demuxer = ''] = container.split(',')
  const rules = { protocol_whitelist: 'file', codec_whitelist: video.codec, max_streams: tools.maxStreams }
  const options = Object.entries(rules).map(([name, value]) => `${name}=${value}`)
  const movie = [
    ...[`filename=${SOURCE_FILE}`, `f=${demuxer}`, `si=${video.streamIndex}`, `dec_threads=${tools.threads}`],
    // Once for the filter, once for the graph.
    `format_opts=${options.join('\\\\:')}`,
  ]
  return ffmpeg()
    .input(`movie=${movie.join(':')}[out+subcc]`)
    .inputOptions(...REPORTING, '-copyts', '-f', 'lavfi')
    .output(output)
    .outputOptions('-map', '0:s', '-map_metadata', '-1', '-c:s', 'subrip', '-f', 'srt')
}
