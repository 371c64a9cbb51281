import { describe, expect, it } from 'vitest'
import { table } from './printer.ts'

describe('table', () => {
  it('aligns its columns', () => {
    const text = table(
      ['ID', 'NAME', 'ROLE'],
      [
        ['1', 'Ann', 'admin'],
        ['1000', 'Bartholomew', 'user'],
      ],
    )
    expect(text.split('\n')).toEqual(['ID    NAME         ROLE', '1     Ann          admin', '1000  Bartholomew  user'])
  })

  it('lets no text control the terminal', () => {
    expect(table(['AGENT'], [['\u001b[2Jcurl\u202e\n']])).toBe('AGENT\n?[2Jcurl??')
  })
})
