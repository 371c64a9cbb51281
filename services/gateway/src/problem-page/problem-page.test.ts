import { ERRORS } from '@kinora/common/errors'
import { expect, test } from 'vitest'
import { problemsMarkdown, problemsPage } from './problem-page.ts'
import { TEXTS } from './texts.ts'

test('every code has an anchor, a cause and what to do', () => {
  const codes = Object.keys(ERRORS)
  expect(Object.keys(TEXTS).toSorted()).toEqual(codes.toSorted())
  const [html, markdown] = [problemsPage(), problemsMarkdown()]
  const missing = codes.filter((code) => !html.includes(`<section id="${code}">`) || !markdown.includes(`## ${code}\n`))
  expect(missing).toEqual([])
  const thin = Object.entries(TEXTS).filter(([, texts]) => texts.some((text) => !/^[`\w].{10,}[.]$/.test(text)))
  expect(thin.map(([code]) => code)).toEqual([])
  expect(html).not.toContain('`')
})
