import { connectBus } from '@kinora/common/bus'
import { events } from '@kinora/common/contracts'
import { createLogger } from '@kinora/common/service'
import type { TestEnvironment } from '@kinora/dev/harness'

interface AuditRecord {
  action: string
  subject: string
}

/** What auth is told to write into the audit log about something, heard in its place. */
export async function connectAuditLog(world: TestEnvironment): Promise<(subject: string) => AuditRecord[]> {
  const records: AuditRecord[] = []
  const bus = await connectBus({
    url: world.amqpUrl('auth'),
    service: 'auth',
    logger: createLogger('test', 'silent'),
  })
  world.use(bus, 'audit log', (it) => it.drain())
  await bus.subscribe({
    group: 'auth',
    events: [events['audit.noted'], events['video.owner-erased']],
    handle: async ({ type, data }) => {
      if (type === 'audit.noted') records.push(data as AuditRecord)
    },
  })
  return (subject) => records.filter((record) => record.subject === subject)
}
