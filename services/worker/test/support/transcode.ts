import { type Rung, segmentCount, type Warning } from '@kinora/common/contracts'
import { perSecond } from '../../src/domain/frame-rate.ts'
import type { ResultOf, WorkOf } from '../../src/domain/task-work.ts'
import { inspect, type StreamFacts } from './clips.ts'
import type { Workbench } from './workbench.ts'

/** The segments of an attempt, and its folder below that of the playlists. */
export interface Written {
  folder: string
  part: ResultOf<'audio'> | ResultOf<'video'>
}

export interface Transcoded {
  facts: Awaited<ReturnType<Workbench['probe']>>['facts']
  /** Of all tasks. */
  warnings: Warning[]
  rungs: Rung[]
  video: ResultOf<'video'>[]
  audio: ResultOf<'audio'> | undefined
  /** Folder of the playlists. */
  playlistKey: string
  /** The decoded streams of each rung, and of the audio. */
  decodedVideo: StreamFacts[]
  decodedAudio: StreamFacts | undefined
}

/** How a source is processed: segments of one group of pictures (GOP), about a second each, of small rungs. */
export interface Plan {
  sourceKey: string
  facts: Transcoded['facts']
  /** Of the probe. */
  warnings: Warning[]
  /** Folder of the playlists. */
  folder: string
  rungs: Rung[]
  gopFrames: number
  /** Number of segments of the whole video. */
  segments: number
  /** The first frame of each segment, where they are not as long as a group. */
  cuts?: number[] | undefined
  /** Those of a remux, as the probe found them. */
  sourceCuts?: number[] | undefined
}

export async function planFor(workbench: Workbench, path: string, short: number[]): Promise<Plan> {
  const { sourceKey, facts, warnings, cuts: sourceCuts } = await workbench.probe(path)
  const { frameRate, frameCount, width, height } = facts.video
  const gopFrames = Math.max(1, Math.round(perSecond(frameRate) * 1))
  return {
    sourceKey,
    facts,
    warnings,
    sourceCuts,
    folder: sourceKey.replace('sources', 'videos'),
    rungs: short.map((side) => rung(side, width, height)),
    gopFrames,
    segments: segmentCount({ frameCount, frameRate, segmentFrames: gopFrames }),
  }
}

/** Work for segments `from` to `to` (excluded) of these rungs; the smallest one begins at `smallestFrom`. */
export function videoWork(plan: Plan, from: number, to: number, rungs = plan.rungs, smallestFrom = 0): WorkOf<'video'> {
  const { sourceKey, facts, gopFrames } = plan
  const startOf = (segment: number) => plan.cuts?.[segment] ?? segment * gopFrames
  const startFrame = startOf(from)
  const frameCount = (to < plan.segments ? startOf(to) : facts.video.frameCount) - startFrame
  const cuts = plan.cuts?.slice(from, to).map((cut) => cut - startFrame)
  return {
    kind: 'video',
    sourceKey,
    facts,
    rungs: rungs.map((rung, index) => ({ ...rung, firstSegment: index === 0 ? smallestFrom : 0 })),
    gopFrames,
    segmentFrames: gopFrames,
    chunk: { startFrame, frameCount, firstSegment: from, cuts },
  }
}

export function audioWork({ sourceKey, facts }: Plan, firstSegment = 0): WorkOf<'audio'> {
  return { kind: 'audio', sourceKey, facts, segmentSeconds: 1, firstSegment }
}

/** Runs all tasks of a source, in `chunks` chunks, and checks the playlists with finalise and ffprobe. */
export async function transcode(
  workbench: Workbench,
  path: string,
  { chunks = 1, short = [90, 144] } = {},
): Promise<Transcoded> {
  const plan = await planFor(workbench, path, short)
  const { facts, folder, rungs, segments, warnings } = plan
  const perChunk = Math.ceil(segments / chunks)
  const video: ResultOf<'video'>[] = []
  const written: Written[] = []
  for (let from = 0; from < segments; from += perChunk) {
    const work = videoWork(plan, from, Math.min(segments, from + perChunk))
    const part = await workbench.run(work, { outputKey: `${folder}/chunk-${from}`, warnings })
    video.push(part)
    written.push({ folder: `chunk-${from}`, part })
  }
  const audio = facts.audio
    ? await workbench.run(audioWork(plan), { outputKey: `${folder}/sound`, warnings })
    : undefined
  if (audio) written.push({ folder: 'sound', part: audio })
  return { facts, warnings, rungs, video, audio, playlistKey: folder, ...(await checkWhole(workbench, plan, written)) }
}

/** Writes the playlists of all segments, checks them with finalise, and decodes everything. */
export async function checkWhole(
  workbench: Workbench,
  plan: Plan,
  written: Written[],
): Promise<{ decodedVideo: StreamFacts[]; decodedAudio: StreamFacts | undefined }> {
  const { facts, folder, rungs } = plan
  const { frameRate, frameCount } = facts.video
  await writePlaylists(workbench, plan, written)
  const hasAudio = facts.audio !== null
  await workbench.run({ kind: 'finalise', playlistKey: folder, frameRate, frameCount, hasAudio })
  const first = async (name: string) => (await inspect(workbench.pathOf(`${folder}/${name}.m3u8`)))[0] as StreamFacts
  const decodedVideo = await Promise.all(rungs.map(({ name }) => first(name)))
  return { decodedVideo, decodedAudio: hasAudio ? await first('sound') : undefined }
}

function rung(side: number, width: number, height: number): Rung {
  const even = (size: number) => Math.max(2, Math.round(size / 2) * 2)
  const factor = side / Math.min(width, height)
  return { name: `${side}p`, width: even(width * factor), height: even(height * factor), maxrate: 4 * side }
}

interface Entry {
  uri: string
  seconds: number
  bytes: number
  /** `<length>@<offset>` for an I-frame playlist. */
  range?: string
}

async function writePlaylists({ store }: Workbench, { facts, folder, rungs }: Plan, written: Written[]): Promise<void> {
  const iFrames: string[] = []
  const audio = written.flatMap(({ folder: at, part }) =>
    part.kind === 'audio'
      ? part.segments.map((segment, index) => ({ ...segment, uri: `${at}/${part.firstSegment + index}.m4s` }))
      : [],
  )
  const video = rungs.map((rung) => ({ ...rung, ...videoOf(rung.name, facts, written) }))
  const all = [...audio, ...video.flatMap(({ entries }) => entries)]
  const target = Math.max(...all.map(({ seconds }) => Math.round(seconds)), 1)
  const master = ['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-INDEPENDENT-SEGMENTS']
  if (audio[0]) {
    master.push('#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="Sound",DEFAULT=YES,URI="sound.m3u8"')
    await store.put(`${folder}/sound.m3u8`, mediaPlaylist(audio, target))
  }
  for (const { name, width, height, codecs, entries, keyFrames } of video) {
    await store.put(`${folder}/${name}.m3u8`, mediaPlaylist(entries, target))
    const average = Math.round(averageBitrate(entries) + averageBitrate(audio))
    const { num, den } = facts.video.frameRate
    const attributes = [
      ...['BANDWIDTH=90000000', `AVERAGE-BANDWIDTH=${average}`, `FRAME-RATE=${(num / den).toFixed(3)}`],
      ...[`CODECS="${codecs}${audio[0] ? ',mp4a.40.2' : ''}"`, `RESOLUTION=${width}x${height}`],
      ...(audio[0] ? ['AUDIO="sound"'] : []),
    ]
    master.push(`#EXT-X-STREAM-INF:${attributes.join(',')}`, `${name}.m3u8`)
    await store.put(`${folder}/${name}-iframes.m3u8`, mediaPlaylist(keyFrames, target))
    const size = `RESOLUTION=${width}x${height}`
    iFrames.push(`#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=80000000,CODECS="${codecs}",${size},URI="${name}-iframes.m3u8"`)
  }
  if (audio[0]) {
    const average = Math.round(averageBitrate(audio))
    const attributes = `BANDWIDTH=70000000,AVERAGE-BANDWIDTH=${average},CODECS="mp4a.40.2",AUDIO="sound"`
    master.push(`#EXT-X-STREAM-INF:${attributes}`, 'sound.m3u8')
  }
  master.push(...iFrames)
  await store.put(`${folder}/master.m3u8`, `${master.join('\n')}\n`)
}

function videoOf(
  name: string,
  { video }: Plan['facts'],
  written: Written[],
): { codecs: string; entries: Entry[]; keyFrames: Entry[] } {
  const renditions = written.flatMap(({ folder: at, part }) =>
    part.kind === 'video'
      ? part.renditions.filter((rendition) => rendition.name === name).map((rendition) => ({ at, ...rendition }))
      : [],
  )
  const entries = renditions.flatMap(({ at, firstSegment, segments }) =>
    segments.map(({ bytes, frames }, index) => ({
      bytes,
      seconds: frames / perSecond(video.frameRate),
      uri: `${at}/${name}/${firstSegment + index}.m4s`,
    })),
  )
  const keyFrames = renditions.flatMap(({ at, firstSegment, segments }) =>
    segments.flatMap(({ frames, keyFrames: ranges = [] }, index) =>
      ranges.map(([offset, bytes, frame = 0], group) => ({
        bytes,
        seconds: ((ranges[group + 1]?.[2] ?? frames) - frame) / perSecond(video.frameRate),
        uri: `${at}/${name}/${firstSegment + index}.m4s`,
        range: `${bytes}@${offset}`,
      })),
    ),
  )
  return { codecs: renditions[0]?.codecs ?? '', entries, keyFrames }
}

function averageBitrate(entries: Entry[]): number {
  const total = (of: 'bytes' | 'seconds') => entries.reduce((sum, entry) => sum + entry[of], 0)
  return entries.length === 0 ? 0 : (total('bytes') * 8) / total('seconds')
}

function mediaPlaylist(entries: Entry[], target: number): string {
  return [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    `#EXT-X-TARGETDURATION:${target}`,
    '#EXT-X-PLAYLIST-TYPE:VOD',
    ...(entries[0]?.range === undefined ? [] : ['#EXT-X-I-FRAMES-ONLY']),
    `#EXT-X-MAP:URI="${entries[0]?.uri.replace(/\d+\.m4s$/, 'init.mp4')}"`,
    ...entries.flatMap(({ seconds, uri, range }) => [
      `#EXTINF:${seconds.toFixed(6)},`,
      ...(range === undefined ? [] : [`#EXT-X-BYTERANGE:${range}`]),
      uri,
    ]),
    '#EXT-X-ENDLIST',
    '',
  ].join('\n')
}
