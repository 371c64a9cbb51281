/** The container images of the backing servers. docker-compose.yml names the same ones; a test compares them. */
export const IMAGES = {
  postgres: 'postgres:17-bookworm',
  rabbitmq: 'rabbitmq:4-management',
  redis: 'redis:8-bookworm',
} as const

/** Only tests need an S3 server, so this image is not among those without which Docker is not used. */
export const S3_IMAGE = 'minio/minio:RELEASE.2025-06-13T11-33-47Z'
