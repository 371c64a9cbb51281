import { serviceOnly } from '@kinora/common/actor'
import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import type { Context } from '../../context.ts'
import { CHAIN_START, type ChainPlace, type ChainProblem, verifyChain, verifyHead } from '../../domain/audit-chain.ts'

/** Rows an answer; some tens of milliseconds. */
const PAGE = 1000

export function verifyAudit({ auditChain }: Context): Handler<typeof auth.verifyAudit> {
  return async ({ after }, { actor }) => {
    serviceOnly(actor, 'operator')
    const from = after ? { sequence: after.sequence, hash: Buffer.from(after.hash, 'hex') } : CHAIN_START
    const { rows, head } = await auditChain.page(from.sequence, PAGE)
    const verified = verifyChain(auditChain.key, from, rows)
    if ('kind' in verified) return answer(from, verified)
    if (rows.length === PAGE) return answer(verified, null, false)
    return answer(verified, verifyHead(verified, head))
  }
}

function answer({ sequence, hash }: ChainPlace, problem: ChainProblem | null, complete = true) {
  return { verified: { sequence, hash: hash.toString('hex') }, problem, complete }
}
