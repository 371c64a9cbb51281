import { describe, expect, it } from 'vitest'
import { Lifecycle } from './lifecycle.ts'

describe('a life cycle', () => {
  it('closes what opened last first, once', async () => {
    const closed: string[] = []
    const life = new Lifecycle()
    for (const name of ['database', 'bus', 'server']) life.use(name, name, (it) => closed.push(it))
    await Promise.all([life.close(), life.close()])
    expect(closed).toEqual(['server', 'bus', 'database'])
  })

  it('closes the rest when one fails, and says which', async () => {
    const closed: string[] = []
    const life = new Lifecycle()
    life.use('database', 'database', (it) => closed.push(it))
    life.use('bus', 'bus', () => Promise.reject(new Error('no')))
    await expect(life.close()).rejects.toMatchObject({ errors: [{ message: 'closing bus failed' }] })
    expect(closed).toEqual(['database'])
  })
})
