import type { Tools } from './run-tool.ts'

/*
 * What ffmpeg may open; docs/media/formats.md gives users the reasons. Each decoder is code that a stranger's bytes reach,
 * so the lists have what cameras, phones, recorders, editors and browsers write, and what was common once.
 */

/** Demuxers that read one media file. Lists of other files (hls, concat, dash, imf, image sequences) are not allowed. */
const FORMATS = words(`
  mov mp4 m4a 3gp 3g2 mj2 matroska webm avi mpegts mpeg flv asf ogg mxf dv gif
  mp3 aac flac wav w64 aiff caf amr
`)

const VIDEO_DECODERS = words(`
  h264 hevc libdav1d av1 vp8 vp9 libvpx libvpx-vp9 mpeg1video mpeg2video mpeg4
  h263 h263p flv msmpeg4v1 msmpeg4v2 msmpeg4 wmv1 wmv2 wmv3 vc1 theora vp6 vp6f
  mjpeg prores dnxhd cfhd dvvideo ffv1 qtrle rawvideo v210 gif png
`)

/** PCM in every arrangement of bytes that recorders, editors and discs write. */
const PCM_DECODERS = words(`
  pcm_alaw pcm_mulaw pcm_u8 pcm_s8 pcm_u16le pcm_u16be pcm_s16le pcm_s16be pcm_u24le pcm_u24be pcm_s24le pcm_s24be
  pcm_u32le pcm_u32be pcm_s32le pcm_s32be pcm_f32le pcm_f32be pcm_f64le pcm_f64be pcm_dvd pcm_bluray
  pcm_s16le_planar pcm_s16be_planar pcm_s24le_planar pcm_s32le_planar s302m
`)

const AUDIO_DECODERS = words(`
  aac aac_latm ac3 eac3 dca truehd mlp mp1 mp1float mp2 mp2float mp3 mp3float opus
  libopus vorbis libvorbis flac alac wmav1 wmav2 wmapro amrnb amrwb speex libspeex
  nellymoser adpcm_ms adpcm_ima_wav adpcm_ima_qt adpcm_swf
`).concat(PCM_DECODERS)

/** The first are texts, which become captions. All are opened by ffprobe, which gives up at the first that is not allowed. */
const SUBTITLE_DECODERS = words(`
  mov_text subrip srt ass ssa webvtt text dvbsub dvdsub pgssub xsub cc_dec libzvbi_teletextdec
`)

/** Of still pictures, which files carry as their covers. A small PNG becomes a hundred megabytes when it is decoded. */
const COVER_DECODERS = ['png', 'mjpeg', 'gif']

const COVER_COMPLAINT = new RegExp(`^.*Codec \\((?:${COVER_DECODERS.join('|')})\\) not on whitelist.*\\n?`, 'gm')

const ALL = [...VIDEO_DECODERS, ...AUDIO_DECODERS, ...SUBTITLE_DECODERS]

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
  ...{ subrip: 'subrip srt', ass: 'ass ssa', eia_608: 'cc_dec' },
}

/** Decoders that are allowed for a codec, as ffprobe calls it; none for one that is not supported. */
function decodersOf(codec: string): string[] {
  return words(DECODERS_OF[codec] ?? codec).filter((name) => ALL.includes(name))
}

/** Whether a stream with this codec may be decoded. */
export function isDecodable(codec: string): boolean {
  return decodersOf(codec).length > 0
}

/** Whether frames of this codec are stills themselves, as covers are. */
export function isStillCodec(codec: string): boolean {
  return COVER_DECODERS.includes(codec)
}

/** What of the input is decoded. */
export interface DecodedStreams {
  /** Codecs of the streams that are used, as ffprobe calls them. Other streams are not opened. */
  codecs?: readonly string[]
  /** ffprobe opens a decoder for every stream, but covers are then not decoded to find out what they are. */
  withoutCovers?: boolean
  /** Decoders that ffprobe may open beside those of the lists, and that get no data: those of streams that nobody chooses. */
  idle?: readonly string[]
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
function codecWhitelist({ codecs, withoutCovers, idle = [] }: DecodedStreams): string[] {
  if (withoutCovers || idle.length > 0) {
    const narrow = withoutCovers ? ALL.filter((name) => !COVER_DECODERS.includes(name)) : ALL
    const opened = [...ALL, ...idle].join(',')
    const types = idle.length > 0 ? ['v', 'a', 's', 'd', 't'] : ['v']
    return ['-codec_whitelist', narrow.join(','), ...types.flatMap((type) => [`-codec_whitelist:${type}`, opened])]
  }
  const wanted = codecs?.map(decodersOf)
  // One that is not known by its name here is better read with the others than not at all.
  const known = wanted?.every((names) => names.length > 0) ? wanted.flat() : ALL
  return ['-codec_whitelist', known.join(',')]
}

/** Removes the complaints of ffmpeg about streams that were not to be opened. */
export function withoutComplaints(stderr: string): string {
  return stderr.replace(/^.*Codec \([\w-]+\) not on whitelist.*\n?/gm, '')
}

/** Removes the complaints of ffprobe about covers that were not to be decoded. */
export function withoutComplaintsAboutCovers(stderr: string): string {
  return stderr.replace(COVER_COMPLAINT, '')
}

/** The decoders outside of the lists that a tool was not allowed to open, by its output. */
export function refusedDecoders(stderr: string): string[] {
  const names = [...stderr.matchAll(/Codec \(([\w-]+)\) not on whitelist/g)].map(([, name = '']) => name)
  return names.filter((name) => !ALL.includes(name))
}

/** Name of the source inside a workspace. `file:` keeps ffmpeg from interpreting the name in any other way. */
export const SOURCE_FILE = 'source'
export const SOURCE_URL = `file:${SOURCE_FILE}`

function words(text: string): string[] {
  return text.trim().split(/\s+/)
}
