import type { Tools } from './run-tool.ts'

/** Demuxers that read one media file. Lists of other files (hls, concat, dash, imf, image sequences) are not allowed. */
const FORMATS = words('mov mp4 m4a 3gp 3g2 mj2 matroska webm avi mpegts mpeg flv asf ogg')

const VIDEO_DECODERS = words(`
  h264 hevc libdav1d av1 vp8 vp9 libvpx libvpx-vp9 mpeg1video mpeg2video mpeg4
  h263 h263p flv msmpeg4v1 msmpeg4v2 msmpeg4 wmv1 wmv2 wmv3 vc1 theora vp6 vp6f
  mjpeg prores dnxhd dvvideo png
`)

const AUDIO_DECODERS = words(`
  aac aac_latm ac3 eac3 dca truehd mp1 mp1float mp2 mp2float mp3 mp3float opus
  libopus vorbis libvorbis flac alac wmav1 wmav2 wmapro amrnb amrwb speex libspeex
  nellymoser adpcm_ms adpcm_ima_wav adpcm_ima_qt adpcm_swf pcm_alaw pcm_mulaw pcm_u8 pcm_s8
  pcm_s16le pcm_s16be pcm_s24le pcm_s24be pcm_s32le pcm_s32be pcm_f32le pcm_f32be pcm_dvd
`)

/** Subtitles are never shown, but ffprobe opens the decoder of every stream and gives up at the first that is not allowed. */
const SUBTITLE_DECODERS = words(`
  mov_text subrip srt ass ssa webvtt text dvbsub dvdsub pgssub xsub cc_dec libzvbi_teletextdec
`)

/** Of still pictures, which files carry as their covers. A small PNG becomes a hundred megabytes when it is decoded. */
const COVER_DECODERS = ['png', 'mjpeg']

/** Decoders of a codec, where they do not have its name. */
const DECODERS_OF: Record<string, string> = {
  ...{
    av1: 'libdav1d av1',
    vp8: 'vp8 libvpx',
    vp9: 'vp9 libvpx-vp9',
    flv1: 'flv',
    msmpeg4v3: 'msmpeg4',
    h263: 'h263 h263p',
  },
  ...{
    mp1: 'mp1 mp1float',
    mp2: 'mp2 mp2float',
    mp3: 'mp3 mp3float',
    opus: 'opus libopus',
    vorbis: 'vorbis libvorbis',
  },
  ...{ dts: 'dca', amr_nb: 'amrnb', amr_wb: 'amrwb', speex: 'speex libspeex', vp6: 'vp6', vp6f: 'vp6f' },
}

/** What of the input is decoded. */
export interface DecodedStreams {
  /** Codecs of the streams that are used, as ffprobe calls them. Other streams are not opened. */
  codecs?: readonly string[]
  /** ffprobe opens a decoder for every stream, but covers are then not decoded to find out what they are. */
  withoutCovers?: boolean
}

/**
 * Options before every input. The format whitelist is what stops an ffconcat or m3u8 in a file called .mp4: a protocol
 * whitelist does not, because such lists open further local files.
 */
export function allowedInput(tools: Tools, decoded: DecodedStreams = {}): string[] {
  return [
    ...['-protocol_whitelist', 'file,pipe'],
    ...['-format_whitelist', FORMATS.join(',')],
    ...codecWhitelist(decoded),
    ...['-max_pixels', String(tools.maxPixels)],
    ...['-max_streams', String(tools.maxStreams)],
  ]
}

/**
 * Without a stream, the option is both that of the demuxer, which decodes what it cannot describe otherwise, and that of
 * decoders; with `:v` it is that of decoders of video alone.
 */
function codecWhitelist({ codecs, withoutCovers }: DecodedStreams): string[] {
  const all = [...VIDEO_DECODERS, ...AUDIO_DECODERS, ...SUBTITLE_DECODERS]
  if (withoutCovers) {
    const narrow = all.filter((name) => !COVER_DECODERS.includes(name))
    return ['-codec_whitelist', narrow.join(','), '-codec_whitelist:v', all.join(',')]
  }
  const wanted = codecs?.map((codec) => words(DECODERS_OF[codec] ?? codec).filter((name) => all.includes(name)))
  // One that is not known by its name here is better read with the others than not at all.
  const known = wanted?.every((names) => names.length > 0) ? wanted.flat() : all
  return ['-codec_whitelist', known.join(',')]
}

/** Removes the complaints of ffmpeg about streams that were not to be opened. */
export function withoutComplaints(stderr: string): string {
  return stderr.replace(/^.*Codec \(\w+\) not on whitelist.*\n?/gm, '')
}

/** Name of the source inside a workspace. `file:` keeps ffmpeg from interpreting the name in any other way. */
export const SOURCE_FILE = 'source'
export const SOURCE_URL = `file:${SOURCE_FILE}`

function words(text: string): string[] {
  return text.trim().split(/\s+/)
}
