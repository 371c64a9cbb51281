import { type TestEnvironment, useTestEnvironment } from '@kinora/dev/harness'
import pg from 'pg'
import { connectGateway, type Gateway } from './gateway.ts'
import { startTestAuth, type TestAuth, type TestAuthOptions } from './start-test-auth.ts'

export interface AuthUnderTest {
  world: TestEnvironment
  auth: TestAuth
  gateway: Gateway
  /** Queries the database as its administrator. */
  query<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>
}

/** At the top of a test file: starts auth in an environment of its own, and a gateway that calls it. */
export async function useAuth(options?: TestAuthOptions): Promise<AuthUnderTest> {
  const world = await useTestEnvironment()
  const admin = new pg.Pool({ connectionString: world.adminDatabaseUrl, options: '-c search_path=auth', max: 2 })
  world.use(admin, 'administrator', (it) => it.end())
  const auth = await startTestAuth(world, options)
  const gateway = await connectGateway(world)
  return { world, auth, gateway, query: async (sql, values) => (await admin.query(sql, values)).rows }
}
