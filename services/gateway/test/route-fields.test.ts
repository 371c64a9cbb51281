import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { ZodObject, ZodUnion } from 'zod'
import { routes } from '../src/routes/index.ts'

/** The whole route table, against what its contracts show: a field that was forgotten opens a hole silently. */
const rows = routes.flatMap((route) => ('rpc' in route ? [route] : []))

function hasField(schema: z.core.$ZodType, name: string): boolean {
  if (schema instanceof ZodUnion) return schema.options.some((option) => hasField(option, name))
  return schema instanceof ZodObject && name in schema.shape
}

describe('routes', () => {
  it('say that a refresh token may travel in a cookie wherever one is given or taken', () => {
    for (const { rpc, cookie } of rows) {
      const gives = hasField(rpc.output, 'refreshToken')
      const takes = hasField(rpc.input, 'refreshToken')
      const expected = gives && takes ? 'exchanged' : gives ? 'given' : takes ? 'taken' : undefined
      expect({ name: rpc.name, cookie }).toEqual({ name: rpc.name, cookie: expected })
    }
  })

  it('count by the mailbox, session or challenge that their input names', () => {
    const counted = rows.flatMap(({ rpc, countedBy }) => (countedBy ? [[rpc.name, countedBy]] : []))
    for (const { rpc, countedBy, auth } of rows) {
      if (countedBy) expect(hasField(rpc.input, countedBy), rpc.name).toBe(true)
      // An administrator may send as many invitations as there are people.
      else if (auth !== 'admin')
        for (const field of ['email', 'mfaToken']) expect(hasField(rpc.input, field), rpc.name).toBe(false)
    }
    expect(Object.fromEntries(counted)).toEqual({
      register: 'email',
      login: 'email',
      forgotPassword: 'email',
      resendVerification: 'email',
      createProjectInvitation: 'email',
      refresh: 'refreshToken',
      finishLogin: 'mfaToken',
      beginMfaPasskey: 'mfaToken',
    })
  })
})
