import { type Captions, media, type TaskKind, type Video } from '@kinora/common/contracts'
import { keys } from '@kinora/common/storage'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { expect, it } from 'vitest'
import { connectGateway, someUser } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'
import { doAllWork, videoWhen } from './support/process.ts'
import { someFacts } from './support/results.ts'
import { connectWorker } from './support/worker.ts'

const world = await useTestEnvironment()
const { ctx } = await startTestMedia(world, { TRANSCRIBE: true, TRANSCRIBE_PIECE_SECONDS: 30 })
const gateway = await connectGateway(world)
const worker = await connectWorker(world, ctx)
const owner = someUser()
const { call } = gateway

const audio = (streamIndex: number, language?: string) => {
  return { streamIndex, codec: 'aac', channels: 2, sampleRate: 48_000, startTime: 0, ...(language && { language }) }
}
const spoken = (language?: string, ...others: (string | undefined)[]) => ({
  ...someFacts(60, { width: 320, height: 240 }),
  audio: audio(1, language),
  ...(others.length > 0 && { otherAudio: others.map((other, index) => audio(2 + index, other)) }),
})

async function readyVideo(facts = spoken('eng')): Promise<Video> {
  const { id } = await gateway.upload(owner, { visibility: 'unlisted' })
  await doAllWork(worker, id, facts)
  return await videoWhen(gateway, owner, id, (video) => video.status === 'ready')
}

const take = (videoId: string) => worker.take(videoId, 'transcribe', 'transcribe')
type Piece = Awaited<ReturnType<typeof take>>
const put = (videoId: string, lang: string) =>
  call(media.putCaptions, { videoId, lang, text: 'WEBVTT\n\n00:00.000 --> 00:01.000\nby a person\n' }, owner)
const remove = (videoId: string, lang: string) => call(media.deleteCaptions, { videoId, lang }, owner)
const captionsOf = async (videoId: string): Promise<Captions[]> =>
  (await call(media.listCaptions, { videoId }, owner)).items

/** The text of a piece: one cue in its first second. */
async function finish(
  piece: Piece,
  to: number,
  { text = 'hello', ended = false, language = 'en' } = {},
): Promise<void> {
  if (piece.work.kind !== 'transcribe') throw new Error('not a piece')
  const time = `00:00:${String(piece.work.from).padStart(2, '0')}`
  const cues = text === '' ? 0 : 1
  if (cues > 0) {
    await ctx.store.put(`${piece.outputKey}/transcript.vtt`, `WEBVTT\n\n${time}.000 --> ${time}.900\n${text}\n`)
  }
  await worker.finish(piece, { kind: 'transcribe', to, ended, cues, language })
}

const states = async (videoId: string, kind: TaskKind) =>
  (
    await ctx.db.selectFrom('tasks').select('state').where('video_id', '=', videoId).where('kind', '=', kind).execute()
  ).map(({ state }) => state)
const settled = (videoId: string, count: number) =>
  until(async () => {
    const all = await states(videoId, 'transcribe')
    return all.length === count && all.every((state) => state === 'done')
  })

it('a ready video gets captions piece by piece, marked as automatic in API and playlists', async () => {
  const { id, status } = await readyVideo()
  expect(status).toBe('ready')
  const first = await take(id)
  expect(first.work).toMatchObject({ track: '1', language: 'en', from: 0, seconds: 30 })
  await finish(first, 29)
  // The engine's word does not count where the track has a language.
  const second = await take(id)
  const [made] = await captionsOf(id)
  expect(made).toMatchObject({ lang: 'en', label: 'English (automatic)', cues: 1, automatic: true, fromSource: false })
  expect(second.work).toMatchObject({ from: 29, language: 'en', captionsId: expect.any(String) })
  await finish(second, 45, { text: '' })
  await finish(await take(id), 60, { text: 'world', ended: true, language: 'de' })
  await settled(id, 3)
  expect(await captionsOf(id)).toMatchObject([{ lang: 'en', cues: 2, automatic: true }])

  const master = await until(async () => {
    const text = (await ctx.store.get(keys.playlist(id, 'master.m3u8'))).toString()
    return text.includes('TYPE=SUBTITLES') && text
  })
  expect(master).toContain('NAME="English (automatic)",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES')
  expect(master).toContain('CHARACTERISTICS="public.machine-generated"')
  const { captions } = await call(media.authorizePlayback, { reference: id }, { kind: 'anonymous' })
  const file = (await ctx.store.get(captions[0]?.key ?? '')).toString()
  expect(file.match(/hello|world/g)).toEqual(['hello', 'world'])
})

it('captions of a person are never replaced, and replace automatic ones while these are made', async () => {
  const { id } = await gateway.upload(owner)
  await put(id, 'en-GB')
  await doAllWork(worker, id, spoken('eng', 'ger'))
  await videoWhen(gateway, owner, id, (video) => video.status === 'ready')
  // English has captions already: only the German track is left.
  const first = await take(id)
  expect(first.work).toMatchObject({ track: '2', language: 'de' })
  await finish(first, 25)
  const second = await take(id)
  await put(id, 'de')
  await finish(second, 50)
  await settled(id, 2)
  expect((await captionsOf(id)).map(({ lang, automatic }) => [lang, automatic])).toEqual([
    ['en-GB', false],
    ['de', false],
  ])
})

it('a track without a language has that which the engine hears, and deleted captions do not come back', async () => {
  const { id } = await readyVideo(spoken(undefined))
  await finish(await take(id), 30, { language: 'pt' })
  const second = await take(id)
  expect(second.work).toMatchObject({ language: 'pt' })
  expect(await captionsOf(id)).toMatchObject([{ lang: 'pt', automatic: true }])
  await remove(id, 'pt')
  await finish(second, 50)
  await settled(id, 2)
  expect(await captionsOf(id)).toEqual([])
})

it('a failure is told, and a retry continues where it was', async () => {
  const { id } = await readyVideo()
  await finish(await take(id), 20)
  const cause = { class: 'input', code: 'SOURCE_CORRUPT', detail: 'No.' } as const
  await worker.fail(await take(id), cause)
  const detail = 'Audio track 1 has no automatic captions from second 20 on: the engine failed.'
  const warned = await videoWhen(gateway, owner, id, ({ warnings }) => warnings.length > 0)
  expect([warned.status, warned.warnings]).toEqual(['ready', [{ code: 'TRANSCRIPTION_FAILED', detail }]])
  await call(media.retryVideo, { videoId: id }, owner)
  const again = await take(id)
  expect(again.work).toMatchObject({ from: 20 })
  await finish(again, 60, { ended: true })
  await settled(id, 2)
  expect((await gateway.getVideo(id, owner)).warnings).toEqual([])
  expect(await captionsOf(id)).toMatchObject([{ cues: 2 }])
})
