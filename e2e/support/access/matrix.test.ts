import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { MATRIX, operations } from './matrix.ts'

type Operation = { security: object[] }
const { paths } = JSON.parse(readFileSync(new URL('../../../docs/openapi.json', import.meta.url), 'utf8')) as {
  paths: Record<string, Record<string, Operation>>
}
const described = Object.entries(paths).flatMap(([path, verbs]) =>
  Object.entries(verbs).map(([verb, { security }]) => ({ name: `${verb.toUpperCase()} ${path}`, security })),
)

test('every operation of the API says who may use it, and no other is listed', () => {
  expect(Object.keys(MATRIX).sort()).toEqual(described.map(({ name }) => name).sort())
})

test('the API description asks for a token exactly where the matrix does', () => {
  const open = described.filter(({ security }) => security.length === 0).map(({ name }) => name)
  expect(open.sort()).toEqual(
    operations('anyone')
      .map(({ method, path }) => `${method} ${path}`)
      .sort(),
  )
})
