import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkBandwidth } from './check-bandwidth.ts'
import { download, type Presentation, type Rendition } from './download.ts'
import { type MeasuredRendition, measure } from './measure.ts'

export type Expected = {
  /** Names of the renditions, smallest first, as in `240p`. */
  renditions: { name: string; width: number; height: number }[]
  frames: number
  /** For a source whose rate is not constant, whose frames nobody can count beforehand. */
  framesTolerance?: number
  /** Frames per second; 30000/1001 is not 29.97. */
  frameRate: number
  audioChannels: number | null
}

export type Measured = { presentation: Presentation; video: MeasuredRendition[]; audio: MeasuredRendition | null }

/**
 * Walks a finished video as a player does and measures all of it with ffprobe. It shares no code with the services, so
 * that one mistake is not made twice.
 * @returns everything that is wrong, a sentence each; none for a right video
 */
export async function checkPlayback(masterUrl: string, expected: Expected): Promise<string[]> {
  const { presentation, video, audio } = await measurePlayback(masterUrl)
  return [
    ...checkMaster(presentation, expected),
    ...presentation.video.flatMap((rendition) => checkMediaPlaylist(rendition)),
    ...(presentation.audio ? checkMediaPlaylist(presentation.audio) : []),
    ...video.flatMap((measured) => checkPictures(measured, expected)),
    ...checkBoundaries(video),
    ...checkDurations(presentation, video, audio, expected),
    ...checkSound(audio, expected),
    ...checkBandwidth(presentation, video, audio),
    ...checkSoundOnly(presentation, audio),
  ]
}

async function measurePlayback(masterUrl: string): Promise<Measured> {
  const presentation = await download(masterUrl)
  const dir = await mkdtemp(join(tmpdir(), 'kinora-hls-'))
  try {
    const video: MeasuredRendition[] = []
    for (const rendition of presentation.video) video.push(await measure(rendition, 'video', dir))
    const audio = presentation.audio && (await measure(presentation.audio, 'audio', dir))
    return { presentation, video, audio }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

function checkMaster({ master, video, audio }: Presentation, expected: Expected): string[] {
  const names = video.map(({ name }) => name)
  const group = audio?.attributes['GROUP-ID']
  return [
    ...unless(master.independentSegments, 'The master playlist lacks EXT-X-INDEPENDENT-SEGMENTS'),
    ...unless(master.version >= 6, `EXT-X-MAP needs version 6, the master says ${master.version}`),
    ...same(
      'The renditions',
      names,
      expected.renditions.map(({ name }) => name),
    ),
    ...same(
      'AUDIO',
      video.map(({ attributes }) => attributes.AUDIO),
      names.map(() => group),
    ),
    ...video.flatMap((rendition) => checkStreamInf(rendition, expected, audio)),
  ]
}

function checkStreamInf({ name, attributes, init }: Rendition, expected: Expected, audio: Rendition | null): string[] {
  const wanted = expected.renditions.find((rendition) => rendition.name === name)
  const codecs = [avcCodec(init), ...(audio ? ['mp4a.40.2'] : [])].join(',')
  return [
    ...same(`${name}: CODECS`, attributes.CODECS, codecs),
    ...same(`${name}: RESOLUTION`, attributes.RESOLUTION, wanted && `${wanted.width}x${wanted.height}`),
    ...same(`${name}: FRAME-RATE`, attributes['FRAME-RATE'], expected.frameRate.toFixed(3)),
  ]
}

/** RFC 6381 section 3.3: profile, constraints and level, which are bytes 1 to 3 of the `avcC` box's content. */
function avcCodec(init: Buffer): string {
  const content = init.indexOf('avcC') + 4
  return `avc1.${init.subarray(content + 1, content + 4).toString('hex')}`
}

function checkMediaPlaylist({ name, playlist }: Rendition): string[] {
  const longest = Math.max(...playlist.segments.map(({ seconds }) => seconds))
  return [
    ...unless(playlist.ended, `${name}: EXT-X-ENDLIST is missing`),
    ...same(`${name}: EXT-X-PLAYLIST-TYPE`, playlist.playlistType, 'VOD'),
    ...same(`${name}: EXT-X-MEDIA-SEQUENCE`, playlist.mediaSequence, 0),
    ...unless(playlist.version >= 6, `${name}: EXT-X-MAP needs version 6`),
    ...unless(playlist.independentSegments, `${name}: EXT-X-INDEPENDENT-SEGMENTS is missing`),
    ...unless(
      Math.round(longest) <= playlist.targetDuration,
      `${name}: a segment of ${longest} s is longer than the target of ${playlist.targetDuration} s`,
    ),
  ]
}

function checkPictures(
  { name, segments, stream, complaints, framesDecodedApart }: MeasuredRendition,
  expected: Expected,
): string[] {
  const wanted = expected.renditions.find((rendition) => rendition.name === name)
  const frames = sum(segments.map(({ packets }) => packets))
  const off = Math.abs(frames - expected.frames)
  return [
    ...same(`${name}: what a decoder complains of`, complaints, ''),
    ...same(`${name}: codec`, [stream.codec_name, stream.pix_fmt], ['h264', 'yuv420p']),
    ...same(`${name}: size`, [stream.width, stream.height], [wanted?.width, wanted?.height]),
    ...unless(['1:1', undefined, '0:1'].includes(stream.sample_aspect_ratio), `${name}: the pixels are not square`),
    ...unless(off <= (expected.framesTolerance ?? 0), `${name}: ${frames} frames instead of ${expected.frames}`),
    ...unless(
      framesDecodedApart === frames,
      `${name}: the segments alone give ${framesDecodedApart} of ${frames} frames`,
    ),
    ...segments.flatMap(({ startsWithIdr }, index) =>
      unless(startsWithIdr, `${name}: segment ${index} does not begin with an IDR picture`),
    ),
  ]
}

/** Seconds in which a copied rendition may have longer segments than the others. */
const BEGINNING = 20

/**
 * A player changes to another rendition at any segment, so all must be cut at the same times, without gaps; only in the first
 * seconds one may leave out some cuts.
 */
function checkBoundaries(video: MeasuredRendition[]): string[] {
  const cuts = ({ segments }: MeasuredRendition) => segments.map(({ start }) => start.toFixed(4))
  const later = (rendition: MeasuredRendition) => cuts(rendition).filter((start) => Number(start) >= BEGINNING)
  const [first, ...others] = video
  if (!first) return ['There is no rendition']
  return [
    ...others.flatMap((other) => [
      ...same(
        `${other.name}: cuts that ${first.name} has not`,
        cuts(other).filter((cut) => !cuts(first).includes(cut)),
        [],
      ),
      ...same(`${other.name}: later boundaries as in ${first.name}`, later(other), later(first)),
      ...same(`${other.name}: length as of ${first.name}`, lengthOf(other).toFixed(4), lengthOf(first).toFixed(4)),
    ]),
    ...first.segments.flatMap(({ start }, index) => {
      const before = first.segments[index - 1]?.end ?? start
      return unless(
        Math.abs(start - before) < 0.001,
        `${first.name}: segment ${index} starts at ${start} not ${before}`,
      )
    }),
  ]
}

function checkDurations(
  presentation: Presentation,
  video: MeasuredRendition[],
  audio: MeasuredRendition | null,
  { frameRate }: Expected,
): string[] {
  const renditions = [...presentation.video, ...(presentation.audio ? [presentation.audio] : [])]
  const lengths = [...video, ...(audio ? [audio] : [])].map(lengthOf)
  const frame = 1 / frameRate
  return renditions.flatMap(({ name, playlist }, index) => {
    const length = lengths[index] ?? 0
    const said = sum(playlist.segments.map(({ seconds }) => seconds))
    const picture = lengths[0] ?? 0
    return [
      ...unless(Math.abs(said - length) <= frame, `${name}: EXTINF says ${said} s of ${length} s`),
      ...unless(Math.abs(length - picture) <= frame, `${name}: ${length} s beside a picture of ${picture} s`),
    ]
  })
}

function lengthOf({ segments }: MeasuredRendition): number {
  return (segments.at(-1)?.end ?? 0) - (segments[0]?.start ?? 0)
}

function checkSound(audio: MeasuredRendition | null, { audioChannels }: Expected): string[] {
  if (!audio) return unless(audioChannels === null, 'There is no sound')
  return [
    ...same('The sound', [audio.stream.codec_name, audio.stream.channels], ['aac', audioChannels]),
    ...same('What a decoder complains of in the sound', audio.complaints, ''),
  ]
}

/** The sound by itself is offered last, exactly if there is sound. */
function checkSoundOnly({ master, soundOnly, audio }: Presentation, measured: MeasuredRendition | null): string[] {
  const [offered, ...more] = soundOnly
  if (!offered || !audio || !measured) return unless(!offered && !audio, 'Sound is not offered by itself as it should')
  const { BANDWIDTH, CODECS, AUDIO } = offered.attributes
  const average = (sum(measured.segments.map(({ bytes }) => bytes)) * 8) / lengthOf(measured)
  return [
    ...unless(more.length === 0 && master.variants.at(-1) === offered, 'Sound by itself is not the last variant'),
    ...same(
      'Sound by itself',
      [CODECS, AUDIO, offered.uri],
      ['mp4a.40.2', audio.attributes['GROUP-ID'], audio.attributes.URI],
    ),
    ...unless(Number(BANDWIDTH) >= average * 0.999, `Sound by itself: BANDWIDTH ${BANDWIDTH} is below ${average}`),
  ]
}

export function unless(isRight: boolean, complaint: string): string[] {
  return isRight ? [] : [complaint]
}

function same(what: string, actual: unknown, wanted: unknown): string[] {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(wanted)]
  return unless(is === should, `${what}: ${is} instead of ${should}`)
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
