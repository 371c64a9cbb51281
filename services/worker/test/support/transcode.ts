import type { ResultOf } from '../../src/jobs/job.ts'
import { perSecond } from '../../src/media-tools/frame-rate.ts'
import { inspect, type StreamFacts } from './clips.ts'
import type { WorkRung } from '../../src/media-tools/video-command.ts'
import type { Workbench } from './workbench.ts'

export interface Transcoded {
  facts: Awaited<ReturnType<Workbench['probe']>>['facts']
  rungs: WorkRung[]
  video: ResultOf<'video'>[]
  audio: ResultOf<'audio'> | undefined
  /** Folder of the playlists. */
  playlistKey: string
  /** What a decoder finds in each rung, and in the sound. */
  pictures: StreamFacts[]
  sound: StreamFacts | undefined
}

const SEGMENT_GOPS = 1

/** Takes a source through all jobs, in `chunks` parts, into playlists that are checked by finalise and by ffprobe. */
export async function transcode(
  workbench: Workbench,
  path: string,
  { chunks = 1, short = [90, 144] } = {},
): Promise<Transcoded> {
  const { sourceKey, facts } = await workbench.probe(path)
  const folder = sourceKey.replace('sources', 'videos')
  const { frameRate, frameCount, width, height } = facts.video
  const gopFrames = Math.max(1, Math.round(perSecond(frameRate) * 1))
  const segmentFrames = gopFrames * SEGMENT_GOPS
  const rungs = short.map((side) => rung(side, width, height))

  const segments = Math.ceil(frameCount / segmentFrames)
  const perChunk = Math.ceil(segments / chunks)
  const video: ResultOf<'video'>[] = []
  for (let first = 0; first < segments; first += perChunk) {
    const startFrame = first * segmentFrames
    const chunk = {
      startFrame,
      firstSegment: first,
      frameCount: Math.min(perChunk * segmentFrames, frameCount - startFrame),
    }
    const work = { kind: 'video', sourceKey, facts, rungs, gopFrames, segmentFrames, chunk } as const
    video.push(await workbench.run(work, { outputKey: `${folder}/chunk-${first}` }))
  }
  const audio = facts.audio
    ? await workbench.run({ kind: 'audio', sourceKey, facts, segmentSeconds: 1, firstSegment: 0 }, { outputKey: `${folder}/sound` })
    : undefined

  await writePlaylists(workbench, folder, { rungs, video, audio, perChunk, frameRate })
  await workbench.run({ kind: 'finalise', playlistKey: folder, frameRate, frameCount, hasAudio: audio !== undefined })
  const pictures = await Promise.all(
    rungs.map(async ({ name }) => (await inspect(workbench.pathOf(`${folder}/${name}.m3u8`)))[0] as StreamFacts),
  )
  const sound = audio && (await inspect(workbench.pathOf(`${folder}/sound.m3u8`)))[0]
  return { facts, rungs, video, audio, playlistKey: folder, pictures, sound }
}

function rung(side: number, width: number, height: number): WorkRung {
  const even = (size: number) => Math.max(2, Math.round(size / 2) * 2)
  const factor = side / Math.min(width, height)
  return { name: `${side}p`, width: even(width * factor), height: even(height * factor), maxrate: 4 * side, firstSegment: 0 }
}

interface Parts {
  rungs: WorkRung[]
  video: ResultOf<'video'>[]
  audio: ResultOf<'audio'> | undefined
  perChunk: number
  frameRate: { num: number; den: number }
}

async function writePlaylists({ store }: Workbench, folder: string, parts: Parts): Promise<void> {
  const { rungs, video, audio, perChunk, frameRate } = parts
  const master = ['#EXTM3U', '#EXT-X-VERSION:7']
  if (audio) {
    master.push('#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="Sound",DEFAULT=YES,URI="sound.m3u8"')
    const entries = audio.segments.map(({ seconds }, number) => ({ seconds, uri: `sound/${number}.m4s` }))
    await store.put(`${folder}/sound.m3u8`, mediaPlaylist('sound/init.mp4', entries))
  }
  for (const [index, { name, width, height }] of rungs.entries()) {
    const frames = video.flatMap(({ renditions }) => renditions[index]?.segments ?? [])
    const entries = frames.map((segment, number) => ({
      seconds: (segment.frames * frameRate.den) / frameRate.num,
      uri: `chunk-${Math.floor(number / perChunk) * perChunk}/${name}/${number}.m4s`,
    }))
    await store.put(`${folder}/${name}.m3u8`, mediaPlaylist(`chunk-0/${name}/init.mp4`, entries))
    const codecs = video[0]?.renditions[index]?.codecs
    master.push(`#EXT-X-STREAM-INF:BANDWIDTH=90000000,CODECS="${codecs}",RESOLUTION=${width}x${height}`, `${name}.m3u8`)
  }
  await store.put(`${folder}/master.m3u8`, `${master.join('\n')}\n`)
}

function mediaPlaylist(init: string, entries: { seconds: number; uri: string }[]): string {
  const longest = Math.max(...entries.map(({ seconds }) => Math.round(seconds)), 1)
  return [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    `#EXT-X-TARGETDURATION:${longest}`,
    '#EXT-X-PLAYLIST-TYPE:VOD',
    `#EXT-X-MAP:URI="${init}"`,
    ...entries.flatMap(({ seconds, uri }) => [`#EXTINF:${seconds.toFixed(6)},`, uri]),
    '#EXT-X-ENDLIST',
    '',
  ].join('\n')
}
