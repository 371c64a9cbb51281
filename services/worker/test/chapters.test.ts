import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SourceChapter } from '@kinora/common/contracts'
import { expect, it, vi } from 'vitest'
import { createClip, H264, testVideo } from './support/clips.ts'
import { openWorkbench } from './support/workbench.ts'

// On a machine that may be busy with other test files.
vi.setConfig({ testTimeout: 120_000 })

const workbench = await openWorkbench()

/** The probed chapters of a source with these titles, a tenth of a second each. */
async function probed(file: string, titles: string[]): Promise<SourceChapter[] | undefined> {
  const chapter = (title: string, index: number) =>
    `[CHAPTER]\nTIMEBASE=1/10\nSTART=${index}\nEND=${index + 1}\ntitle=${title}\n`
  const metadata = join(workbench.folder, `${file}.txt`)
  await writeFile(metadata, `;FFMETADATA1\n${titles.map(chapter).join('')}`)
  const args = [...testVideo(1), '-i', metadata, '-map_metadata', '1', ...H264]
  const sourceKey = await workbench.addSource(await createClip(workbench.folder, file, ...args))
  const { facts, chapters } = await workbench.run({ kind: 'probe', sourceKey })
  expect(facts.video.frameCount).toBe(25)
  return chapters
}

it.each(['mp4', 'mkv'])('chapters in %s are found, with what is written there', async (extension) => {
  expect(await probed(`some.${extension}`, ['Arrival\\\n"by" sea', '', 'c'.repeat(300)])).toEqual([
    { start: 0, title: 'Arrival\n"by" sea' },
    { start: 0.1, title: '' },
    { start: 0.2, title: 'c'.repeat(200) },
  ])
})

it('of more chapters than a video may have the first are taken', async () => {
  const found = await probed(
    'many.mkv',
    Array.from({ length: 300 }, (_, index) => `${index}`),
  )
  expect(found).toHaveLength(200)
  expect(found?.at(-1)).toEqual({ start: 19.9, title: '199' })
})

it('a file with more chapters than can be listened to is a video without', async () => {
  expect(
    await probed(
      'flood.mkv',
      Array.from({ length: 12_000 }, () => 'again'),
    ),
  ).toEqual([])
})
