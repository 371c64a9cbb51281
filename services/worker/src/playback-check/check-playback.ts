import { MASTER_PLAYLIST, type StorageKey, type Store } from '@kinora/common/storage'
import type { WorkOf } from '../jobs/job.ts'
import { AAC_FRAME, AUDIO_RATE } from '../media-tools/audio-command.ts'
import { perSecond } from '../media-tools/frame-rate.ts'
import { type Playlist, parseAttributes, tagValues } from '../media-tools/playlist.ts'
import { checkIFrames } from './check-iframes.ts'
import { type MeasuredRendition, measureRendition, readPlaylist } from './measure-rendition.ts'
import { checkRendition, checkSameBoundaries, checkVideo, peakBitrate, seconds } from './rendition-rules.ts'
import { rule } from './rule.ts'
import { openStored, resolveUri } from './stored-file.ts'

const AAC_SECONDS = AAC_FRAME / AUDIO_RATE

interface Variant {
  key: StorageKey
  bandwidth: number
}

/**
 * Starts at the master playlist and reads every playlist, every initialisation and the headers of every segment. Throws
 * `VERIFICATION_FAILED` with the first rule that is broken. Gives the bytes of all files.
 */
export async function checkPlayback(
  store: Store,
  expected: WorkOf<'finalise'>,
  { signal, progress }: { signal: AbortSignal; progress(fraction: number): void },
): Promise<{ bytes: number }> {
  const master = `${expected.playlistKey}/${MASTER_PLAYLIST}`
  const text = (await store.get((await openStored(store, master)).key)).toString('utf8')
  const playlist = readPlaylist(text, master)
  const { variants, soundOnly } = readVariants(playlist, master)
  const soundKey = readSoundKey(playlist, master)
  rule((soundKey !== undefined) === expected.hasAudio, 'there is sound exactly if the source has sound', master)

  const measured: MeasuredRendition[] = []
  for (const { key } of variants) {
    measured.push(await measureRendition(store, key, signal))
    progress(measured.length / (variants.length + 1))
  }
  const sound = soundKey === undefined ? undefined : await measureRendition(store, soundKey, signal)
  for (const rendition of measured) checkVideo(rendition, expected.frameRate, expected.frameCount)
  checkSameBoundaries(measured)
  if (sound) checkSound(sound, expected)
  variants.forEach((variant, index) => {
    const peak = peakBitrate(measured[index] as MeasuredRendition) + (sound ? peakBitrate(sound) : 0)
    const where = `${variant.key}: ${peak} over ${variant.bandwidth}`
    rule(peak <= variant.bandwidth + 1, 'no stretch of a rendition needs more than its declared bandwidth', where)
  })
  for (const { key, bandwidth } of soundOnly) {
    const isSound = key === soundKey && sound !== undefined && peakBitrate(sound) <= bandwidth + 1
    rule(isSound, 'what is offered without picture is the sound, with its bandwidth', key)
  }
  const iFrameBytes = await checkIFrames(store, playlist, master, measured)
  const all = [...measured, ...(sound ? [sound] : [])]
  return { bytes: all.reduce((sum, { bytes }) => sum + bytes, text.length + iFrameBytes) }
}

function readVariants({ entries }: Playlist, master: StorageKey): { variants: Variant[]; soundOnly: Variant[] } {
  const all = entries.map(({ uri, tags }) => {
    const attributes = parseAttributes(tags.get('#EXT-X-STREAM-INF') ?? '')
    const bandwidth = Number(attributes.get('BANDWIDTH'))
    const codecs = attributes.get('CODECS') ?? ''
    const isSound = codecs.startsWith('mp4a.') && !codecs.includes(',')
    const described = bandwidth > 0 && codecs !== '' && (isSound || attributes.has('RESOLUTION'))
    rule(described, 'every rendition declares bandwidth, codecs and size', master)
    return { key: resolveUri(master, uri), bandwidth, isSound }
  })
  const variants = all.filter(({ isSound }) => !isSound)
  rule(variants.length > 0, 'the master playlist names at least one rendition', master)
  return { variants, soundOnly: all.filter(({ isSound }) => isSound) }
}

function readSoundKey(playlist: Playlist, master: StorageKey): StorageKey | undefined {
  const media = tagValues(playlist, '#EXT-X-MEDIA').map(parseAttributes)
  const uri = media.find((attributes) => attributes.get('TYPE') === 'AUDIO')?.get('URI')
  return uri === undefined ? undefined : resolveUri(master, uri)
}

function checkSound(sound: MeasuredRendition, { frameRate, frameCount }: WorkOf<'finalise'>): void {
  checkRendition(sound, AAC_SECONDS)
  rule(sound.init.kind === 'audio', 'the sound rendition holds sound', sound.key)
  const frameSeconds = 1 / perSecond(frameRate)
  const difference = Math.abs(seconds(sound) - frameCount * frameSeconds)
  rule(
    difference <= frameSeconds + AAC_SECONDS,
    'sound and picture are equally long',
    `${sound.key} by ${difference} s`,
  )
}
