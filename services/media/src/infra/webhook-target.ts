import { isIP } from 'node:net'
import { AppError } from '@kinora/common/errors'
import type { AddressRule } from './webhook-address.ts'

export interface TargetRule {
  allowHttp: boolean
  allowsAddress: AddressRule
}

/** Why nothing may be sent to this URL, in words for its owner; null when it may. What its name leads to is another question. */
export function targetProblem(url: string, { allowHttp, allowsAddress }: TargetRule): string | null {
  const { protocol, username, password, hostname } = new URL(url)
  if (protocol !== 'https:' && !(allowHttp && protocol === 'http:')) return 'must begin with https://'
  if (username !== '' || password !== '') return 'must not have a user name or password in it'
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  if (isIP(host) !== 0 && !allowsAddress(host)) return 'must not lead into a private network'
  return null
}

/** Throws `VALIDATION_FAILED`. */
export function assertTarget(url: string, rule: TargetRule): void {
  const problem = targetProblem(url, rule)
  if (problem) throw new AppError('VALIDATION_FAILED', { fields: [{ path: 'url', message: problem }] })
}
