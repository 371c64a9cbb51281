// Writes generated/api.d.ts from docs/openapi.json; part of `npm run openapi`.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import openapiTypescript, { astToString } from 'openapi-typescript'

const DOCUMENT = new URL('../../docs/openapi.json', import.meta.url)
const TYPES = new URL('generated/api.d.ts', import.meta.url)

/** The types of all operations and schemas of the document. */
export async function generateTypes() {
  const document = JSON.parse(readFileSync(DOCUMENT, 'utf8'))
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path))
  const bodies = JSON.stringify(operations.map(({ requestBody }) => requestBody))
  for (const [, name] of bodies.matchAll(/"#\/components\/schemas\/(\w+)"/g))
    omitDefaults(document.components.schemas[name])
  const types = await openapiTypescript(document, { alphabetize: true })
  return `// Generated from docs/openapi.json by \`npm run openapi\`. Do not edit.\n\n${astToString(types)}`
}

/** A field with a default is always in an answer, and need not be in a request: openapi-typescript has one rule for both. */
function omitDefaults(value) {
  if (typeof value !== 'object' || value === null) return
  delete value.default
  for (const inner of Object.values(value)) omitDefaults(inner)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(TYPES, await generateTypes())
