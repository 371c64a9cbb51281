import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { VERSION } from '@kinora/common/service'
import { expect, test } from 'vitest'
import { REPOSITORY } from './repository.ts'

const pages = [
  ...readdirSync(REPOSITORY).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(REPOSITORY, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') || name === 'llms.txt')
    .map((name) => join('docs', name)),
]

/** The anchor that GitHub derives from a heading. */
function anchor(heading: string): string {
  const plain = heading.replace(/[`*]/g, '').trim().toLowerCase()
  return plain.replace(/[^\p{L}\p{N}_ -]/gu, '').replaceAll(' ', '-')
}

function anchorsOf(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchor(heading))
}

test('every relative link in the docs leads to a file, and to a heading in it', () => {
  const broken = pages.flatMap((page) => {
    const text = readFileSync(join(REPOSITORY, page), 'utf8')
    const links = [...text.matchAll(/\]\((?!\w+:)([^)\s]+)\)/g)].map(([, link = '']) => link)
    return links.filter((link) => !leads(page, link)).map((link) => `${page}: ${link}`)
  })
  expect(broken).toEqual([])
})

function leads(page: string, link: string): boolean {
  const [path = '', heading] = link.split('#')
  const file = path ? join(REPOSITORY, dirname(page), path) : join(REPOSITORY, page)
  if (!existsSync(file)) return false
  return heading === undefined || !file.endsWith('.md') || anchorsOf(file).includes(heading)
}

test('the version that services and CLI report is that of package.json and of the latest part of the changelog', () => {
  const { version } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8'))
  const [, latest] = /^## (\S+)/m.exec(readFileSync(join(REPOSITORY, 'CHANGELOG.md'), 'utf8')) ?? []
  expect([version, latest]).toEqual([VERSION, VERSION])
})

/** Pages whose claims name the tests that show them. */
const CLAIMS = ['docs/identity/asvs.md', 'docs/threat-model.md']
const SERVICE_TEST = /^(auth|gateway|media|worker)\/([a-z0-9-]+)$/
const OTHER_TEST = /^(e2e|common)\/([a-z0-9-]+)$/

test.each(CLAIMS)('every test and file that %s names exists', (page) => {
  const text = readFileSync(join(REPOSITORY, page), 'utf8')
  const named = [...text.matchAll(/`([^`\s]+)`/g)].map(([, name = '']) => name)
  const tests = testNames()
  expect(named.filter((name) => !existsAs(name, tests))).toEqual([])
})

function existsAs(name: string, tests: ReadonlySet<string>): boolean {
  const [, service, test] = SERVICE_TEST.exec(name) ?? []
  if (service) return existsSync(join(REPOSITORY, 'services', service, 'test', `${test}.test.ts`))
  const [, folder, other] = OTHER_TEST.exec(name) ?? []
  if (folder) return existsSync(join(REPOSITORY, folder === 'e2e' ? 'e2e' : 'packages/common/test', `${other}.test.ts`))
  if (/^[\w.-]+\.test\.ts$/.test(name)) return tests.has(name)
  return !/^[\w.-]+\/.*\.(ts|yml|json)$/.test(name) || existsSync(join(REPOSITORY, name))
}

function testNames(): Set<string> {
  return new Set(['services', 'packages', 'e2e'].flatMap((folder) => testsIn(join(REPOSITORY, folder))))
}

/** Not `recursive`: it would follow the links in `node_modules`. */
function testsIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory() && entry.name !== 'node_modules') return testsIn(join(folder, entry.name))
    return entry.name.endsWith('.test.ts') ? [entry.name] : []
  })
}

const DECISIONS = join(REPOSITORY, 'docs/decisions')
/** `# 7. What was decided`, an empty line, the day. */
const HEAD = /^# (\d+)\. .+\n\n\d{4}-\d{2}-\d{2}\n\n/

test.each(readdirSync(DECISIONS))('decision %s has its number, its day and the alternatives', (name) => {
  const text = readFileSync(join(DECISIONS, name), 'utf8')
  expect(text).toMatch(HEAD)
  expect(text.match(HEAD)?.[1]?.padStart(4, '0')).toBe(name.slice(0, 4))
  expect(text).toContain('\n**Alternatives.**')
})
