import { readFile, writeFile } from 'node:fs/promises'
import { findBox } from '@kinora/formats/mp4'
import { expect, it, vi } from 'vitest'
import { createClip, testVideo } from './support/clips.ts'
import { openWorkbench } from './support/workbench.ts'

vi.setConfig({ testTimeout: 120_000 })

const workbench = await openWorkbench()

const PATH = ['moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd']

/** Adds a Dolby Vision configuration (`dvcC`) to the sample entry of an MP4, whose index is at the end. */
async function addConfiguration(path: string, profile: number, compatibility: number): Promise<string> {
  const file = await readFile(path)
  // Version 1.0; profile, level 6, RPU and base layer; then the compatibility of the base layer.
  const bits = (profile << 9) | (6 << 3) | 0b101
  const box = Buffer.alloc(32)
  box.writeUInt32BE(box.length, 0)
  box.write('dvcC', 4)
  Buffer.from([1, 0, bits >> 8, bits & 0xff, compatibility << 4]).copy(box, 8)
  const entry = file.indexOf('hvc1', boxAt(file, PATH).body) - 4
  const end = entry + file.readUInt32BE(entry)
  for (const start of [entry, ...PATH.map((_, depth) => boxAt(file, PATH.slice(0, depth + 1)).start)]) {
    file.writeUInt32BE(file.readUInt32BE(start) + box.length, start)
  }
  await writeFile(path, Buffer.concat([file.subarray(0, end), box, file.subarray(end)]))
  return path
}

function boxAt(file: Buffer, path: string[]) {
  const box = findBox(file, path)
  if (!box) throw new Error(`no ${path.join('.')}`)
  return box
}

async function source(profile: number, compatibility: number): Promise<string> {
  const colours = ['-color_primaries', 'bt2020', '-color_trc', 'smpte2084', '-colorspace', 'bt2020nc']
  const hevc = ['-pix_fmt', 'yuv420p10le', '-c:v', 'libx265', '-preset', 'ultrafast', '-tag:v', 'hvc1']
  const silent = ['-x265-params', 'log-level=none']
  const clip = await createClip(workbench.folder, `dv${profile}.mp4`, ...testVideo(1), ...hevc, ...silent, ...colours)
  return await addConfiguration(clip, profile, compatibility)
}

it('Dolby Vision profile 5 is refused with its cause', async () => {
  const refused = workbench.probe(await source(5, 0))
  await expect(refused).rejects.toMatchObject({
    taskCause: { code: 'SOURCE_UNSUPPORTED', detail: expect.stringContaining('Dolby Vision profile 5') },
  })
})

it('profile 8, whose base layer is HDR10, is taken', async () => {
  expect((await workbench.probe(await source(8, 1))).facts.video).toMatchObject({ hdr: true, codec: 'hevc' })
})
