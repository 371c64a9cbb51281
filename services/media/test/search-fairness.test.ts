import { media } from '@kinora/common/contracts'
import { useTestEnvironment } from '@kinora/dev/harness'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { connectGateway, someUser } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'

const world = await useTestEnvironment()
const { ctx } = await startTestMedia(world)
const gateway = await connectGateway(world)

test('searches of one account through many videos do not delay other accounts', async () => {
  const [busy, other] = [someUser(), someUser()]
  await sql`insert into videos (id, owner_id, project_id, title, description, tags, visibility, renditions)
    select gen_random_uuid(), ${busy.userId}, ${busy.userId}, 'A day at sea', repeat('wind and rain, ', 330), '{}', 'private', '[]'
    from generate_series(1, 4000)`.execute(ctx.db)
  const { id } = await gateway.createVideo(other)
  const searches = Array.from({ length: 60 }, (_, n) =>
    gateway.call(media.listVideos, { q: `%_${n}%_` }, busy).then(
      ({ items }) => items.length,
      ({ code }: { code: string }) => code,
    ),
  )
  const times: number[] = []
  for (let n = 0; n < 10; n += 1) {
    const begin = performance.now()
    await gateway.call(media.updateVideo, { videoId: id, title: `Ebb ${n}` }, other)
    times.push(performance.now() - begin)
  }
  console.info(`another account waits ${Math.round(Math.max(...times))} ms at most`)
  expect(Math.max(...times)).toBeLessThan(1500)
  const outcomes = await Promise.all(searches)
  expect(new Set(outcomes)).toEqual(new Set([0, 'RATE_LIMITED']))
}, 60_000)
