import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { REPOSITORY } from './repository.ts'

const WORKFLOWS = join(REPOSITORY, '.github/workflows')
/** A tag can be moved to other code, a commit cannot; the tag beside it is for the reader. */
const PINNED = /^[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/

const steps = readdirSync(WORKFLOWS).flatMap((file) => {
  const text = readFileSync(join(WORKFLOWS, file), 'utf8')
  return [...text.matchAll(/^\s*(?:- )?["']?uses["']?: *(.*)$/gm)].map(([, action = '']) => ({ file, action }))
})

test('every action of the workflows is named by its commit, with its tag beside it', () => {
  expect(steps.length).toBeGreaterThan(0)
  expect(steps.filter(({ action }) => !PINNED.test(action))).toEqual([])
})

test('one action has one commit in all workflows', () => {
  const versions = new Map(steps.map(({ action }) => [action.split('@')[0], action]))
  expect([...versions.values()].sort()).toEqual([...new Set(steps.map(({ action }) => action))].sort())
})
