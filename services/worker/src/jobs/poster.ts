import { join } from 'node:path'
import { SOURCE_FILE } from '../media-tools/allowed-input.ts'
import { makePoster } from '../media-tools/poster.ts'
import { openWatermark } from '../media-tools/watermark.ts'
import type { Job } from './job.ts'

export const poster: Job<'poster'> = async ({ sourceKey, facts, time, watermark }, job) => {
  const { store, tools, workspace, outputKey, signal } = job
  await store.materialise(sourceKey, join(workspace, SOURCE_FILE))
  const posterKey = `${outputKey}/poster.jpg`
  const drawMark = watermark && (await openWatermark(store, watermark))
  await store.adopt(await makePoster(tools, facts, { cwd: workspace, signal, time, drawMark }), posterKey)
  return { kind: 'poster', posterKey }
}
