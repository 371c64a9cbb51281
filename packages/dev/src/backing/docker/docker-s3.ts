import type { Lifecycle } from '@kinora/common/service'
import { GenericContainer } from 'testcontainers'
import { newPassword } from '../admin-passwords.ts'
import type { BackingOptions, S3Server } from '../backing.ts'
import { freePort } from '../free-port.ts'
import { S3_IMAGE } from '../images.ts'
import { probeHttp } from '../probes.ts'
import { runContainer } from './docker-backing.ts'

export async function startDockerS3(options: BackingOptions, life: Lifecycle): Promise<S3Server> {
  const port = await freePort()
  const [accessKeyId, secretAccessKey] = ['kinora', newPassword()]
  const container = new GenericContainer(S3_IMAGE)
    .withExposedPorts({ container: 9000, host: port })
    .withEnvironment({ MINIO_ROOT_USER: accessKeyId, MINIO_ROOT_PASSWORD: secretAccessKey })
    .withCommand(['server', '/data'])
  const endpoint = `http://127.0.0.1:${port}`
  const probe = () => probeHttp(endpoint)
  const control = await runContainer(container, { ...options, name: 's3', data: '/data', probe }, life)
  return { endpoint, accessKeyId, secretAccessKey, control }
}
