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

/**
 * Options before every input. The format whitelist is what stops an ffconcat or m3u8 in a file called .mp4: a protocol
 * whitelist does not, because such lists open further local files.
 */
export function allowedInput(tools: Tools): string[] {
  return [
    ...['-protocol_whitelist', 'file,pipe'],
    ...['-format_whitelist', FORMATS.join(',')],
    ...['-codec_whitelist', [...VIDEO_DECODERS, ...AUDIO_DECODERS, ...SUBTITLE_DECODERS].join(',')],
    ...['-max_pixels', String(tools.maxPixels)],
    ...['-max_streams', String(tools.maxStreams)],
  ]
}

/** Name of the source inside a workspace. `file:` keeps ffmpeg from interpreting the name in any other way. */
export const SOURCE_FILE = 'source'
export const SOURCE_URL = `file:${SOURCE_FILE}`

function words(text: string): string[] {
  return text.trim().split(/\s+/)
}
