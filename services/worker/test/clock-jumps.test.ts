import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createClip, H264, testVideo, tone } from './support/clips.ts'
import { openWorkbench } from './support/workbench.ts'

const workbench = await openWorkbench()
const part = (name: string, seconds: number, from = 0) =>
  createClip(
    workbench.folder,
    name,
    ...[...testVideo(seconds), ...tone(seconds), ...H264, '-c:a', 'ac3', '-output_ts_offset', String(from)],
  )

async function behindOneAnother(name: string, ...paths: string[]): Promise<string> {
  const whole = join(workbench.folder, name)
  await writeFile(whole, Buffer.concat(await Promise.all(paths.map((path) => readFile(path)))))
  return whole
}

it('a transport stream whose clock starts again is refused, and its conversion is whole', async () => {
  const once = await part('once.ts', 4)
  const twice = await behindOneAnother('twice.ts', once, once)
  await expect(workbench.probe(twice)).rejects.toMatchObject({
    taskCause: { class: 'input', code: 'SOURCE_CLOCK_JUMPS' },
  })
  const convert = ['-dts_delta_threshold', '1', '-i', twice, ...H264]
  const { facts } = await workbench.probe(await createClip(workbench.folder, 'converted.mp4', ...convert))
  expect(facts.durationSeconds).toBeCloseTo(8, 0)
})

it('a transport stream is accepted when a few frames at its end have times that were passed', async () => {
  const whole = await behindOneAnother('tail.ts', await part('long.ts', 10), await part('tail-alone.ts', 0.4))
  const { facts } = await workbench.probe(whole)
  expect(facts.durationSeconds).toBeCloseTo(10, 0)
})

it('a transport stream whose clock leaps ahead is taken', async () => {
  const whole = await behindOneAnother('ahead.ts', await part('first.ts', 3), await part('second.ts', 3, 20))
  const { facts } = await workbench.probe(whole)
  expect(facts.durationSeconds).toBeCloseTo(23, 0)
})
