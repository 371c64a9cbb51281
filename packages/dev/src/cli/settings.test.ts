import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'

// By path: this package does not depend on every service.
import { authConfig } from '../../../../services/auth/src/config.ts'
import { gatewayConfig } from '../../../../services/gateway/src/config.ts'
import { mediaConfig } from '../../../../services/media/src/config.ts'
import { workerConfig } from '../../../../services/worker/src/config.ts'
import { REPOSITORY } from '../repository.ts'
import { SETTINGS } from './settings.ts'

const UNESCAPED_BAR = /(?<!\\)\|/

const CONFIGS: Record<string, z.ZodObject> = {
  auth: authConfig,
  gateway: gatewayConfig,
  media: mediaConfig,
  worker: workerConfig,
}
/** Defaults that depend on the machine. */
const COMPUTED = new Set(['HASH_CONCURRENCY', 'WORKER_SLOTS_LONG', 'WORKER_NAME'])
const read = (path: string) => readFileSync(join(REPOSITORY, path), 'utf8')
const compose = read('docker-compose.yml')
const bucket = read('docker-compose.s3.yml')
const page = read('docs/settings.md')

type Setting = { services: string[]; fallback: string | undefined }
const settings = settingsOf(CONFIGS)
const chosen = namesOf(tableRows(page, 'To choose'))
const provided = namesOf(tableRows(page, 'Set by `npm start` and compose'))
const internal = namesOf(tableRows(page, "In a service's own environment only"))

function settingsOf(configs: Record<string, z.ZodObject>): Map<string, Setting> {
  const found = new Map<string, Setting>()
  for (const [service, config] of Object.entries(configs)) {
    const { properties = {} } = z.toJSONSchema(config, { io: 'input', unrepresentable: 'any' })
    for (const name of Object.keys(config.shape)) {
      const services = [...(found.get(name)?.services ?? []), service]
      found.set(name, { services, fallback: fallbackOf(properties[name], config.shape[name]) })
    }
  }
  return found
}

/** The default as a text in an environment; undefined without a default. */
function fallbackOf(property: z.core.JSONSchema._JSONSchema | undefined, schema: z.core.$ZodType | undefined) {
  if (typeof property === 'object' && property.default !== undefined) return String(property.default)
  // A boolean has its default behind the text.
  const { data } = schema ? z.safeParse(schema, undefined) : {}
  return typeof data === 'boolean' ? String(data) : undefined
}

function namesOf(rows: Row[]): string[] {
  return rows.map(({ variable = '' }) => variable.replaceAll('`', ''))
}

/** The environment of one service in docker-compose.yml: what is written for it, and what all services share. */
function composeEnv(service: string): Map<string, string> {
  const own = compose.match(new RegExp(`^ {2}${service}:\\n((?: {4}.*\\n|\\n)*)`, 'm'))?.[1] ?? ''
  const env = own.match(/^ {4}environment:\n((?: {6}.*\n)*)/m)?.[1] ?? ''
  const shared = compose.match(/^x-service-env:.*\n((?: {2}.*\n)*)/m)?.[1] ?? ''
  return new Map(
    [...`${env}${shared}`.matchAll(/^ +([A-Z][A-Z0-9_]+): (.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
  )
}

describe('docs/settings.md', () => {
  test('has each setting of the services once, and no other', () => {
    expect([...chosen, ...provided, ...internal].sort()).toEqual([...settings.keys()].sort())
  })

  test('names the services that read a setting', () => {
    const all = Object.keys(CONFIGS)
    const expected = tableRows(page).map(({ variable = '' }) => {
      const { services = [] } = settings.get(variable.replaceAll('`', '')) ?? {}
      return [variable, services.length === all.length ? 'all' : services.join(', ')]
    })
    expect(tableRows(page).map(({ variable, services }) => [variable, services])).toEqual(expected)
  })
})

test('wherever docs give the default of a setting, it is the one of the source', () => {
  const pages = readdirSync(join(REPOSITORY, 'docs'), { recursive: true, encoding: 'utf8' })
  const wrong = pages
    .filter((path) => path.endsWith('.md'))
    .flatMap((path) => tableRows(read(join('docs', path))).map((row) => ({ path, ...row })))
    .filter((row: Row) => !isRight(row))
  expect(wrong).toEqual([])
})

function isRight(row: Row): boolean {
  const column = Object.keys(row).find((it) => /^(setting|variable)/.test(it)) ?? ''
  const name = (row[column] ?? '').replaceAll('`', '')
  const { fallback } = settings.get(name) ?? {}
  if (fallback === undefined || COMPUTED.has(name) || row.default === undefined) return true
  return row.default.replaceAll('`', '') === (fallback || 'none')
}

test('npm start passes on what can be chosen, and the address to listen on', () => {
  expect([...SETTINGS].sort()).toEqual([...chosen, 'HOST'].sort())
})

describe.each(Object.keys(CONFIGS))('docker-compose.yml, %s', (service) => {
  const env = composeEnv(service)
  const readBy = (names: string[]) => names.filter((name) => settings.get(name)?.services.includes(service))

  test('passes on what can be chosen', () => {
    const missing = readBy(chosen).filter((name) => !env.get(name)?.startsWith(`\${${name}:-`))
    expect(missing).toEqual([])
  })

  test('sets addresses, folders and secrets', () => {
    const missing = readBy(provided).filter((name) => !env.has(name) && !bucket.includes(`  ${name}: `))
    expect(missing).toEqual([])
  })

  test('sets nothing else', () => {
    expect([...env.keys()].sort()).toEqual(readBy([...chosen, ...provided].filter((name) => env.has(name))).sort())
  })
})

/** A row of a table, by the names of its columns. */
type Row = Record<string, string>

/** The rows of all tables below one heading, or of a whole page. */
function tableRows(page: string, heading?: string): Row[] {
  const lines = (heading === undefined ? page : sectionOf(page, heading)).split('\n')
  let columns: string[] | undefined
  return lines.flatMap((line) => {
    if (!line.startsWith('|')) columns = undefined
    if (!line.startsWith('|') || /^\|[ :|-]+\|$/.test(line)) return []
    const cells = line
      .split(UNESCAPED_BAR)
      .slice(1, -1)
      .map((cell) => cell.trim())
    if (!columns) {
      columns = cells
      return []
    }
    return [Object.fromEntries(columns.map((column, i) => [column, cells[i] ?? '']))]
  })
}

function sectionOf(page: string, heading: string): string {
  const [, section] = page.split(`\n## ${heading}\n`)
  if (section === undefined) throw new Error(`There is no heading "${heading}"`)
  return section.split('\n## ')[0] ?? ''
}
