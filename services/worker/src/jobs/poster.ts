import { join } from 'node:path'
import { SOURCE_FILE } from '../media-tools/allowed-input.ts'
import { makePoster } from '../media-tools/poster.ts'
import type { Job } from './job.ts'

export const poster: Job<'poster'> = async ({ sourceKey, facts, time }, job) => {
  const { store, tools, workspace, outputKey, signal } = job
  await store.materialise(sourceKey, join(workspace, SOURCE_FILE))
  const posterKey = `${outputKey}/poster.jpg`
  await store.adopt(await makePoster(tools, facts, { cwd: workspace, signal, time }), posterKey)
  return { kind: 'poster', posterKey }
}
