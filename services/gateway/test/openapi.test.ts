import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
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

/** A schema in the document, and where it is. */
interface Place {
  at: string
  schema: { [keyword: string]: unknown }
}

/** A key as JSON Pointer (RFC 6901) has it, in a URI. */
function pointer(key: string): string {
  return encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'))
}

/** Every object of the document, so every schema, too. */
function places(value: unknown, at = '#'): Place[] {
  if (typeof value !== 'object' || value === null) return []
  const own = Array.isArray(value) ? [] : [{ at, schema: { ...value } }]
  return [...own, ...Object.entries(value).flatMap(([key, inner]) => places(inner, `${at}/${pointer(key)}`))]
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
  it('has patterns that any validator compiles', () => {
    const patterns = places(committed).filter(({ schema }) => typeof schema.pattern === 'string')
    expect(patterns.length).toBeGreaterThan(50)
    for (const { at, schema } of patterns) {
      const pattern = new RegExp(String(schema.pattern), 'u')
      expect(`${at}: ${pattern.source}`).not.toMatch(/\/[a-z]*$/)
    }
  })
  it('has examples that their own schemas accept', () => {
    const ajv = new Ajv2020({ strict: false, allErrors: true })
    addFormats.default(ajv)
    ajv.addSchema(committed, 'document')
    for (const { at, schema } of places(committed)) {
      if (!('example' in schema) || !('type' in schema || 'allOf' in schema || '$ref' in schema)) continue
      const validate = ajv.compile({ $ref: `document${at}` })
      expect({ at, ok: validate(schema.example), errors: validate.errors }).toEqual({ at, ok: true, errors: null })
    }
  })
})
