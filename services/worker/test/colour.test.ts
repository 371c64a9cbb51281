import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it, vi } from 'vitest'
import { createClip } from './support/clips.ts'
import * as science from './support/colour-science.ts'
import { transcode } from './support/transcode.ts'
import { openWorkbench } from './support/workbench.ts'

vi.setConfig({ testTimeout: 120_000 })

const run = promisify(execFile)
const workbench = await openWorkbench()

const SIDE = 64
/** Skin from light to dark, in sRGB. */
const SKIN: science.Triple[] = [
  [241 / 255, 194 / 255, 125 / 255],
  [198 / 255, 134 / 255, 66 / 255],
  [141 / 255, 85 / 255, 36 / 255],
]

interface Space {
  matrix: string
  primaries: string
  transfer: string
  bits: 8 | 10
}

const isHdr = ({ transfer }: Space) => ['smpte2084', 'arib-std-b67'].includes(transfer)

/** Light of the patches: greys, the primaries of the space, and skin. SDR: shares of white. HDR: cd/m². */
function patchesOf(space: Space): Record<string, science.Triple> {
  const scale = isHdr(space) ? science.WHITE : 1
  const lit = (values: science.Triple) => values.map((value) => value * scale) as science.Triple
  const greys = [0.02, 0.18, 0.5, 1].map((level): [string, science.Triple] => [
    `grey ${level}`,
    lit([level, level, level]),
  ])
  const primaries = ['red', 'green', 'blue'].map((name, at): [string, science.Triple] => {
    return [name, lit([0, 1, 2].map((index) => (index === at ? 0.8 : 0)) as science.Triple)]
  })
  const skin = SKIN.map((signal, index): [string, science.Triple] => {
    const xyz = science.toXyz(science.toLight(signal, 'iec61966-2-1'), 'bt709')
    return [`skin ${index + 1}`, lit(science.fromXyz(xyz, space.primaries))]
  })
  return Object.fromEntries([...greys, ...primaries, ...skin])
}

/** A chart of these signals, one beside the other. */
async function chartOf(name: string, space: Space, signals: science.Triple[]): Promise<string> {
  const { matrix, primaries, transfer, bits } = space
  const width = SIDE * signals.length
  const frame = [0, 1, 2].map((plane) => {
    const size = plane === 0 ? SIDE : SIDE / 2
    const row = signals.flatMap((signal) => Array<number>(size).fill(science.toYuv(signal, matrix, bits)[plane] ?? 0))
    return Array<number[]>(size).fill(row).flat()
  })
  const samples = bits === 8 ? Uint8Array.from(frame.flat()) : Uint16Array.from(frame.flat())
  const raw = join(workbench.folder, `${name}.yuv`)
  await writeFile(raw, Buffer.concat(Array(5).fill(Buffer.from(samples.buffer))))
  const format = bits === 8 ? 'yuv420p' : 'yuv420p10le'
  return await createClip(
    workbench.folder,
    `${name}.mp4`,
    ...['-f', 'rawvideo', '-pix_fmt', format, '-s', `${width}x${SIDE}`, '-r', '25', '-i', raw],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-qp', '4', '-color_primaries', primaries, '-color_trc', transfer],
    ...['-colorspace', matrix, '-color_range', 'tv'],
  )
}

/** The colour in the middle of each patch of a rendition, in XYZ, by the rendition's own label. */
async function measured(path: string, patches: number): Promise<science.Triple[]> {
  const open = ['-v', 'error', '-allowed_extensions', 'ALL']
  const entries = 'stream=color_space,color_primaries,color_transfer'
  const { stdout: text } = await run('ffprobe', [...open, '-show_entries', entries, '-of', 'json', path])
  const [label] = JSON.parse(text).streams as { color_space: string; color_primaries: string; color_transfer: string }[]
  const args = [...open, '-i', path, '-frames:v', '1', '-pix_fmt', 'yuv420p', '-f', 'rawvideo', '-']
  const { stdout } = await run('ffmpeg', args, { encoding: 'buffer' })
  const width = SIDE * patches
  return Array.from({ length: patches }, (_, patch) => {
    const x = patch * SIDE + SIDE / 2
    const chroma = (SIDE / 4) * (width / 2) + x / 2
    const quarter = (width * SIDE) / 4
    const yuv: science.Triple = [
      stdout[(SIDE / 2) * width + x] ?? 0,
      stdout[width * SIDE + chroma] ?? 0,
      stdout[width * SIDE + quarter + chroma] ?? 0,
    ]
    const signal = science.fromYuv(yuv, label?.color_space ?? '')
    return science.toXyz(science.toLight(signal, label?.color_transfer ?? ''), label?.color_primaries ?? '')
  })
}

/** By the chart's own space, in the colours that BT.709 has. */
function expected(light: science.Triple, space: Space): science.Triple {
  if (isHdr(space)) return science.toXyz(science.clipped(science.hdrInSdr(light, space.primaries)), 'bt709')
  const narrow = science.fromXyz(science.toXyz(light, space.primaries), 'bt709')
  const isKept = ['bt709', 'smpte170m', 'bt470bg'].includes(space.primaries)
  return isKept ? science.toXyz(light, space.primaries) : science.toXyz(science.clipped(narrow), 'bt709')
}

/** ΔE2000 of each patch. */
async function differences(name: string, space: Space): Promise<Record<string, number>> {
  const patches = patchesOf(space)
  const signals = Object.values(patches).map((light) => science.clipped(science.toSignal(light, space.transfer)))
  const { playlistKey } = await transcode(workbench, await chartOf(name, space, signals), { short: [SIDE] })
  const found = await measured(workbench.pathOf(`${playlistKey}/${SIDE}p.m3u8`), signals.length)
  const names = Object.keys(patches)
  return Object.fromEntries(
    Object.values(patches).map((light, index) => {
      const xyz = found[index] as science.Triple
      return [names[index] ?? '', Number(science.difference(xyz, expected(light, space)).toFixed(2))]
    }),
  )
}

it('ΔE2000 is that of its authors', () => {
  // From their test data: https://hajim.rochester.edu/ece/sites/gsharma/ciede2000/
  const pairs: [science.Triple, science.Triple, number][] = [
    [[50, 2.6772, -79.7751], [50, 0, -82.7485], 2.0425],
    [[50, 2.5, 0], [73, 25, -18], 27.1492],
    [[60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644],
    [[2.0776, 0.0795, -1.135], [0.9033, -0.0636, -0.5514], 0.9082],
  ]
  for (const [one, other, wanted] of pairs) expect(science.labDifference(one, other)).toBeCloseTo(wanted, 3)
})

/** The largest ΔE2000 of a patch: 8 bits alone give up to 2 where a colour is dark. */
const SDR = 2
const PQ = 2
/** The display of HLG is computed for each component by itself, not for luminance. */
const HLG = 4

it.each<[string, Space, number]>([
  ['BT.709', { matrix: 'bt709', primaries: 'bt709', transfer: 'bt709', bits: 8 }, SDR],
  ['BT.601, 525 lines', { matrix: 'smpte170m', primaries: 'smpte170m', transfer: 'smpte170m', bits: 8 }, SDR],
  ['BT.601, 625 lines', { matrix: 'bt470bg', primaries: 'bt470bg', transfer: 'smpte170m', bits: 8 }, SDR],
  ['BT.601 with the primaries of BT.709', { matrix: 'smpte170m', primaries: 'bt709', transfer: 'bt709', bits: 8 }, SDR],
  ['sRGB', { matrix: 'bt709', primaries: 'bt709', transfer: 'iec61966-2-1', bits: 8 }, SDR],
  ['P3', { matrix: 'bt709', primaries: 'smpte432', transfer: 'bt709', bits: 8 }, SDR],
  ['Display P3', { matrix: 'bt709', primaries: 'smpte432', transfer: 'iec61966-2-1', bits: 10 }, SDR],
  ['BT.2020', { matrix: 'bt2020nc', primaries: 'bt2020', transfer: 'bt2020-10', bits: 10 }, SDR],
  ['BT.2020 with the curve of BT.709', { matrix: 'bt709', primaries: 'bt2020', transfer: 'bt709', bits: 8 }, SDR],
  ['PQ', { matrix: 'bt2020nc', primaries: 'bt2020', transfer: 'smpte2084', bits: 10 }, PQ],
  ['PQ in P3', { matrix: 'bt2020nc', primaries: 'smpte432', transfer: 'smpte2084', bits: 10 }, PQ],
  ['HLG', { matrix: 'bt2020nc', primaries: 'bt2020', transfer: 'arib-std-b67', bits: 10 }, HLG],
])('a chart in %s has the colours that it should', async (name, space, bound) => {
  const found = await differences(name.replaceAll(/\W+/g, '-'), space)
  if (process.env.SHOW_COLOURS) console.log(name, found)
  for (const [patch, difference] of Object.entries(found)) expect([patch, difference < bound]).toEqual([patch, true])
})
