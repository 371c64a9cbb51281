export * from './connect.ts'
export * from './inbox.ts'
export * from './migrate.ts'
export * from './outbox.ts'
