import { readFileSync } from 'node:fs'
import express, { type Express } from 'express'
import { describe, expect, it } from 'vitest'
import type { Context } from '../src/context.ts'
import { mount } from '../src/http/mount.ts'
import { openApiDocument, templatePath } from '../src/http/openapi.ts'
import { routes } from '../src/routes/index.ts'

const committed = JSON.parse(readFileSync(new URL('../../../docs/openapi.json', import.meta.url), 'utf8'))

/** What Express really serves: path and verbs of each of its routes. */
function mounted(app: Express): string[] {
  const layers = app.router.stack.flatMap(({ route }) => (route ? [route] : []))
  return layers.flatMap(({ path, stack }) =>
    stack.flatMap(({ method }) => (method ? [`${method} ${templatePath(path)}`] : [])),
  )
}

describe('docs/openapi.json', () => {
  it('is what the route tables say: run `npm run openapi` after changing them', () => {
    expect(committed).toEqual(JSON.parse(JSON.stringify(openApiDocument(routes))))
  })

  it('has every route that Express has', () => {
    const app = express()
    mount(app, routes, {} as Context)
    const described = Object.entries(committed.paths).flatMap(([path, verbs]) =>
      Object.keys(verbs as object).map((verb) => `${verb} ${path}`),
    )
    expect(mounted(app).sort()).toEqual(described.sort())
  })

  it('names each operation once', () => {
    const operations = Object.values(committed.paths).flatMap((verbs) => Object.values(verbs as object))
    const names = operations.map(({ operationId }) => operationId)
    expect(new Set(names).size).toBe(names.length)
  })
})
