import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { generateTypes } from '../generate-types.mjs'

it('has the types of docs/openapi.json: run `npm run openapi` after changing it', { timeout: 60_000 }, async () => {
  const committed = readFileSync(new URL('../generated/api.d.ts', import.meta.url), 'utf8')
  expect(committed === (await generateTypes())).toBe(true)
})
