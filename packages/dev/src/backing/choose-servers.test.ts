import { describe, expect, test } from 'vitest'
import { type Circumstances, chooseServers, type FoundData, unavailable } from './choose-servers.ts'
import { type KnownServers, withCurrent } from './servers-memory.ts'

const volume = 'kinora-0a1b2c3d-postgres'
const NATIVE: KnownServers = { kind: 'native', at: 'postgres', storage: 'storage' }
const DOCKER: KnownServers = { kind: 'docker', at: volume, storage: 'storage' }
const nothing: FoundData = { native: false, docker: 'unknown', secrets: false, serverPasswords: false }
const used = { ...nothing, secrets: true, serverPasswords: true }

function choose(circumstances: Partial<Circumstances>) {
  return chooseServers({ dir: '/srv/.kinora', volume, found: nothing, ...circumstances })
}

const remembered = (current: KnownServers, ...others: KnownServers[]) => ({ memory: { current, others } })

describe('the first start', () => {
  test('takes containers before native servers', () => {
    const { candidates, continues } = choose({})
    expect(candidates).toEqual([DOCKER, NATIVE])
    expect(continues).toBe(false)
  })

  test('takes what KINORA_BACKING, the flag or the URLs ask for', () => {
    expect(choose({ forced: 'native' }).candidates).toEqual([NATIVE])
    expect(choose({ change: 'docker' }).candidates).toEqual([DOCKER])
    const named = { kind: 'environment', at: 'db:5432', storage: 'storage' }
    expect(choose({ named: 'db:5432' }).candidates).toEqual([named])
  })

  test('refuses wishes that contradict each other, and unknown ones', () => {
    expect(() => choose({ forced: 'native', change: 'docker' })).toThrow(
      '--change-backing=docker and KINORA_BACKING=native contradict each other',
    )
    expect(() => choose({ forced: 'native', named: 'db:5432' })).toThrow('contradict each other')
    expect(() => choose({ forced: 'podman' })).toThrow('KINORA_BACKING is podman')
    expect(() => choose({ change: 'environment' })).toThrow('needs KINORA_POSTGRES_ADMIN_URL')
  })
})

describe('a later start', () => {
  test('continues with the remembered servers, whatever else could be used', () => {
    const found = { ...nothing, native: true, docker: true } as const
    const choice = choose({ ...remembered(NATIVE), found })
    expect(choice).toMatchObject({ candidates: [NATIVE], continues: true, notes: [] })
    expect(choose({ ...remembered(DOCKER), found: nothing }).candidates).toEqual([DOCKER])
  })

  test('refuses a KINORA_BACKING or URLs that contradict them, and names both ways', () => {
    const message =
      /in \/srv\/\.kinora\/postgres \(native servers\), but KINORA_BACKING is docker\. Unset KINORA_BACKING .*--change-backing=docker/
    expect(() => choose({ ...remembered(NATIVE), forced: 'docker' })).toThrow(message)
    expect(() => choose({ ...remembered(NATIVE), named: 'db:5432' })).toThrow(
      /KINORA_POSTGRES_ADMIN_URL names db:5432\. Unset the KINORA_…_URL variables .*--change-backing=environment/,
    )
  })

  test('refuses when the environment names other servers than before, or none', () => {
    const before = remembered({ kind: 'environment', at: 'db:5432', storage: 'storage' })
    expect(choose({ ...before, named: 'db:5432' }).continues).toBe(true)
    expect(() => choose(before)).toThrow('on the PostgreSQL server db:5432')
    expect(() => choose({ ...before, named: 'db2:5432' })).toThrow('the environment names db2:5432')
  })

  test('refuses when the checkout was moved away from its volumes', () => {
    expect(() => choose({ ...remembered({ ...DOCKER, at: 'kinora-ffffffff-postgres' }) })).toThrow(
      'in the Docker volume kinora-ffffffff-postgres (containers), but this folder',
    )
  })

  test('that cannot have its servers says where the data is and what to do', () => {
    const text = unavailable(DOCKER, '/srv/.kinora', 'no engine on this machine')
    expect(text).toContain(`in the Docker volume ${volume}`)
    expect(text).toContain('no engine on this machine')
    expect(text).toContain('Start the Docker engine')
    expect(text).toContain('--change-backing=native|environment')
  })
})

describe('a folder of a version that had no memory', () => {
  test('continues with the data that is found', () => {
    expect(choose({ found: { ...used, native: true } })).toMatchObject({ candidates: [NATIVE], continues: true })
    expect(choose({ found: { ...used, docker: true } })).toMatchObject({ candidates: [DOCKER], continues: true })
    expect(() => choose({ found: { ...used, native: true }, named: 'db:5432' })).toThrow('native servers')
  })

  test('does not start empty while no engine answers for its volumes', () => {
    expect(choose({ found: used })).toMatchObject({ candidates: [DOCKER], continues: true })
    expect(choose({ found: { ...used, docker: false } })).toMatchObject({ candidates: [DOCKER], continues: true })
  })

  test('with two sets of data asks for the flag', () => {
    const found = { ...used, native: true, docker: true } as const
    expect(() => choose({ found })).toThrow('--change-backing=native or --change-backing=docker')
    const choice = choose({ found, change: 'docker' })
    expect(choice.candidates).toEqual([DOCKER])
    expect(choice.notes.join()).toContain('The other data stays')
  })

  test('whose servers were named in the environment needs them named again', () => {
    const found = { ...nothing, secrets: true }
    expect(choose({ found, named: 'db:5432' })).toMatchObject({ candidates: [{ at: 'db:5432' }], continues: true })
    expect(() => choose({ found })).toThrow('the environment names no servers')
    expect(choose({ found, change: 'native' }).candidates).toEqual([{ ...NATIVE, storage: 'storage-native' }])
  })
})

describe('--change-backing', () => {
  test('gives other servers a storage folder of their own, and says what happens', () => {
    const { candidates, continues, notes } = choose({ ...remembered(NATIVE), change: 'docker' })
    expect(candidates).toEqual([{ ...DOCKER, storage: 'storage-docker' }])
    expect(continues).toBe(false)
    const text = notes.join('\n')
    expect(text).toContain('in /srv/.kinora/postgres (native servers). They stay there unchanged')
    expect(text).toContain('start without accounts and videos')
    expect(text).toContain('--change-backing=native')
  })

  test('and back gives the data and the files of before', () => {
    const first = { current: NATIVE, others: [] }
    const [docker] = choose({ memory: first, change: 'docker' }).candidates
    if (!docker) throw new Error('nothing was chosen')
    const second = withCurrent(first, docker)
    const back = choose({ memory: second, change: 'native' })
    expect(back).toMatchObject({ candidates: [NATIVE], continues: true })
    const third = withCurrent(second, NATIVE)
    expect(choose({ memory: third, change: 'docker' })).toMatchObject({ candidates: [docker], continues: true })
  })

  test('keeps the files of two servers of the environment apart', () => {
    const a = { kind: 'environment', at: 'a:5432', storage: 'storage-environment' } as const
    const choice = choose({ ...remembered(a, NATIVE), change: 'environment', named: 'b:5432' })
    expect(choice.candidates).toEqual([{ kind: 'environment', at: 'b:5432', storage: 'storage-environment-2' }])
  })

  test('to the servers in use changes nothing', () => {
    const choice = choose({ ...remembered(NATIVE), change: 'native' })
    expect(choice).toMatchObject({ candidates: [NATIVE], continues: true })
    expect(choice.notes.join()).toContain('already in use')
  })
})
