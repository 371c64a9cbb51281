import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ContainerRuntimeClient, getContainerRuntimeClient } from 'testcontainers'
import { IMAGES } from '../backing.ts'

type Docker = ContainerRuntimeClient['container']['dockerode']

const ANSWER_MS = 3000
const PULL_STALL_MS = 20_000

/** Why containers cannot be used, in a few words; `undefined` when an engine answers and has, or could pull, every image. */
export async function dockerImagesMissing(
  log: (line: string) => void,
  images: readonly string[] = Object.values(IMAGES),
): Promise<string | undefined> {
  if (!engineMayBeThere()) return 'no engine on this machine'
  try {
    const { container } = await within(ANSWER_MS, getContainerRuntimeClient())
    for (const image of images) await haveImage(container.dockerode, image, log)
    return undefined
  } catch (error) {
    return (error as Error).message.split('\n')[0] ?? 'unknown error'
  }
}

/** Whether Docker has a volume of this name; `unknown` when no engine answers. */
export async function volumeExists(name: string): Promise<boolean | 'unknown'> {
  if (!engineMayBeThere()) return 'unknown'
  try {
    const { container } = await within(ANSWER_MS, getContainerRuntimeClient())
    const { Volumes } = await within(ANSWER_MS, container.dockerode.listVolumes({ filters: { name: [name] } }))
    return Volumes.some((volume) => volume.Name === name)
  } catch {
    return 'unknown'
  }
}

function engineMayBeThere(): boolean {
  return Boolean(process.env.DOCKER_HOST) || existsSync('/var/run/docker.sock')
}

async function haveImage(docker: Docker, image: string, log: (line: string) => void): Promise<void> {
  const present = await within(ANSWER_MS, docker.getImage(image).inspect()).then(
    () => true,
    () => false,
  )
  if (present) return
  log(`Pulling the image ${image}`)
  await pull(docker, image)
}

/** Throws when no progress is reported for 20 s, because an unreachable registry often does not answer at all. */
async function pull(docker: Docker, image: string): Promise<void> {
  const stream = await within(PULL_STALL_MS, docker.pull(image))
  let lastNews = performance.now()
  const done = new Promise<void>((resolve, reject) => {
    const finished = (error: Error | null) => (error ? reject(error) : resolve())
    docker.modem.followProgress(stream, finished, () => {
      lastNews = performance.now()
    })
  })
  const stalled = (async () => {
    while (performance.now() - lastNews < PULL_STALL_MS) await sleep(500, undefined, { ref: false })
    throw new Error(`the image ${image} cannot be pulled`)
  })()
  stalled.catch(() => {})
  await Promise.race([done, stalled])
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const controller = new AbortController()
  const late = sleep(ms, undefined, { signal: controller.signal }).then(() => {
    throw new Error(`no answer within ${ms / 1000} s`)
  })
  late.catch(() => {})
  return Promise.race([work, late]).finally(() => controller.abort())
}
