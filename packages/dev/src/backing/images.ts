/** The container images of the backing servers. docker-compose.yml names the same ones; a test compares them. */
export const IMAGES = {
  postgres: 'postgres:17-bookworm',
  rabbitmq: 'rabbitmq:4-management',
  redis: 'redis:8-bookworm',
} as const
