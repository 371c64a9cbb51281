import { AppError, type FieldError } from '@kinora/common/errors'
import type { Request, Response } from 'express'
import type { z } from 'zod'
import { assertPlain, readJson } from './read-body.ts'

/**
 * Merges path parameters, `given` and either the query (GET, HEAD) or the JSON body into one object, and parses it with
 * `schema`. A DELETE may have a body, because a password must not be part of a URL. Each field has one source: a query on a
 * POST, or a body field that the path or `given` sets, is an unknown field. Throws `VALIDATION_FAILED` and what `readJson`
 * throws.
 */
export async function readInput(
  req: Request,
  res: Response,
  schema: z.ZodType,
  given: Readonly<Record<string, unknown>> = {},
): Promise<Record<string, unknown>> {
  const filled = { ...req.params, ...given }
  const query = nested(req.query)
  const takesQuery = req.method === 'GET' || req.method === 'HEAD'
  const body = takesQuery ? query : await readJson(req, res)
  const stray = takesQuery ? [] : Object.keys(query)
  if (isRecord(body)) stray.push(...Object.keys(filled).filter((name) => Object.hasOwn(body, name)))
  if (stray.length > 0) throw new AppError('VALIDATION_FAILED', { fields: stray.map(unknownField) })
  const parsed = schema.safeParse(isRecord(body) ? { ...body, ...filled } : body)
  if (!parsed.success) throw new AppError('VALIDATION_FAILED', { fields: parsed.error.issues.flatMap(fieldErrors) })
  return parsed.data as Record<string, unknown>
}

/** A field of a field, `metadata[customer]`: the style `deepObject` of OpenAPI. */
const INNER_FIELD = /^([^[\]]+)\[(.*)\]$/s

/** A query with its `metadata[customer]=42` as `{ metadata: { customer: '42' } }`. */
function nested(query: Request['query']): Record<string, unknown> {
  const fields = new Map<string, unknown>()
  const inner = new Map<string, [string, unknown][]>()
  for (const [name, value] of Object.entries(query)) {
    const [, field, key] = INNER_FIELD.exec(name) ?? []
    if (field === undefined || key === undefined) fields.set(name, value)
    else inner.set(field, [...(inner.get(field) ?? []), [key, value]])
  }
  for (const [field, pairs] of inner) {
    if (fields.has(field)) throw new AppError('VALIDATION_FAILED', { fields: [unknownField(field)] })
    fields.set(field, Object.fromEntries(pairs))
  }
  const all = Object.fromEntries(fields)
  assertPlain(all)
  return all
}

/** Parses path parameters or the query of a hand-written route. Throws `VALIDATION_FAILED`. */
export function parseFields<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw new AppError('VALIDATION_FAILED', { fields: parsed.error.issues.flatMap(fieldErrors) })
  return parsed.data
}

function fieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  const path = issue.path.map(String)
  if (issue.code !== 'unrecognized_keys') return [{ path: path.join('.'), message: issue.message }]
  // The client chose these names, so their number and length are limited.
  return issue.keys.slice(0, 20).map((key) => unknownField([...path, key.slice(0, 100)].join('.')))
}

function unknownField(path: string): FieldError {
  return { path, message: 'Unknown field' }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
