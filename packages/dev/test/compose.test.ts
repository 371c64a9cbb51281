import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { REPOSITORY } from '../src/repository.ts'

const compose = readFileSync(join(REPOSITORY, 'docker-compose.yml'), 'utf8')
const section = compose.match(/^services:\n([\s\S]*?)^\S/m)?.[1] ?? ''
const services = [...section.matchAll(/^ {2}([a-z-]+):\n((?: {4}.*\n|\n| {2}#.*\n)*)/gm)].map(
  ([, name = '', own = '']) => [name, own.replace(/^ {2}#.*\n/gm, '')] as const,
)
const hardened = compose.match(/^x-hardened:.*\n((?: {2}.*\n)*)/m)?.[1] ?? ''

/** With what it takes over. A key of its own comes first, so it is the one that is found. */
const wholeOf = (own: string) => (own.includes('<<: *hardened') ? own + hardened.replace(/^/gm, '  ') : own)

test('the services of compose are found', () => {
  expect(services.map(([name]) => name)).toEqual(
    expect.arrayContaining(['postgres', 'rabbitmq', 'redis', 'gateway', 'kinora']),
  )
})

test.each(services)('%s in compose has no capabilities but named ones, no new privileges, and bounds', (_name, own) => {
  const whole = wholeOf(own)
  expect(whole).toMatch(/^ {4}cap_drop: \[ALL\]$/m)
  expect(whole).toMatch(/^ {4}security_opt: \["no-new-privileges:true"\]$/m)
  expect(whole).toMatch(/^ {4}mem_limit: (\$\{[A-Z]+_MEMORY:-)?\d+[mg]\}?$/m)
  expect(whole).toMatch(/^ {4}pids_limit: \d+$/m)
})

test.each(services)('%s in compose mounts the storage for writing only if it writes there', (name, own) => {
  const mounts = /^ {4}volumes: .*"storage:[^"]*(?<!:ro)"/m.test(own)
  expect(mounts).toBe(['gateway', 'media', 'worker', 'decoder'].includes(name))
})

/** Folders of the storage that a service uses; `objects` and `incoming` only together, because files are moved between them. */
const STORAGE_OF = {
  gateway: ['objects', 'incoming'],
  media: ['objects', 'incoming'],
  worker: ['objects', 'incoming', 'work'],
  decoder: ['work'],
}

test.each(Object.entries(STORAGE_OF))('%s in compose reaches no other folder of the storage', (name, used) => {
  const whole = services.find(([service]) => service === name)?.[1] ?? ''
  expect(whole).toContain('"storage:/var/lib/kinora"')
  const covered = [...whole.matchAll(/"\/var\/lib\/kinora\/(\w+):ro,size=4k,mode=0"/g)].map(([, folder]) => folder)
  expect([...covered, ...used].sort()).toEqual(['incoming', 'objects', 'work'])
})

test('a folder of the storage that is covered exists in the image, with the owner of the services', () => {
  const dockerfile = readFileSync(join(REPOSITORY, 'Dockerfile'), 'utf8')
  const created = [...dockerfile.matchAll(/install -d -o node -g node -m \d+ (.*?)( \\)?$/gm)].flatMap(
    ([, paths = '']) => paths.split(' '),
  )
  expect(created.sort()).toEqual(['incoming', 'objects', 'work'].map((folder) => `/var/lib/kinora/${folder}`))
})

test('each user of Redis in compose is known to its service alone', () => {
  for (const user of ['gateway', 'media']) {
    const knowing = services
      .filter(([, own]) => own.includes(`${user.toUpperCase()}_REDIS_PASSWORD`))
      .map(([name]) => name)
    expect(knowing).toEqual([user])
  }
})
