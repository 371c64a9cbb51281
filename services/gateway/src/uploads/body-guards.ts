import type { Actor } from '@kinora/common/contract'
import { signedOut } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { roleAllows } from '@kinora/common/project-access'
import type { Context } from '../context.ts'
import type { Identity } from '../identity/authenticate.ts'
import type { EndListeners } from '../identity/end-listeners.ts'
import type { Memberships } from '../identity/memberships.ts'

/**
 * Yields the chunks of an upload to a project. Once the session, API key or upload link of the client is revoked, or its role in
 * the project allows no uploads any more, throws the reason instead of the next chunk. An access token that only expires does not end an
 * upload.
 */
export async function* abortOnRevocation(
  chunks: AsyncIterable<Buffer>,
  identity: Identity,
  { revocations, memberships, uploadLinkEnds }: Pick<Context, 'revocations' | 'memberships' | 'uploadLinkEnds'>,
  projectId: string,
): AsyncGenerator<Buffer> {
  let refusal: AppError | undefined
  let checked = Promise.resolve(true)
  const stops = [
    revocations.onRevoked(identity, (reason) => {
      refusal = signedOut(reason, 'access')
    }),
    onLinkEnd(identity.actor, uploadLinkEnds, () => {
      refusal = new AppError('UPLOAD_LINK_REVOKED')
    }),
    memberships.onChanged(identity.actor, () => {
      checked = mayUpload(identity.actor, projectId, memberships)
    }),
  ]
  const assertNotRevoked = async () => {
    if (refusal) throw refusal
    if (!(await checked))
      throw new AppError('FORBIDDEN', { detail: signedOut('project_role_changed', 'access').message })
  }
  try {
    for await (const chunk of chunks) {
      await assertNotRevoked()
      yield chunk
    }
    await assertNotRevoked()
  } finally {
    for (const stop of stops) stop()
  }
}

function onLinkEnd(actor: Actor, ends: EndListeners, listener: () => void): () => void {
  return actor.kind === 'upload-link' ? ends.add(actor.linkId, listener) : () => {}
}

/** True also where it cannot be found out now: media decides at the end of the upload. */
async function mayUpload(actor: Actor, projectId: string, memberships: Memberships): Promise<boolean> {
  if (actor.kind !== 'user' || actor.userId === projectId) return true
  const roles = await memberships.find(actor.userId)
  return roles === undefined || roleAllows(roles[projectId], 'edit')
}

/**
 * Yields chunks and calls `keep` every `everyMs` milliseconds meanwhile. If `keep` rejects with an error below 500, throws
 * it instead of the next chunk: the upload is no longer wanted. Other errors, such as a failed call, are ignored.
 */
export async function* withKeepAlive(
  chunks: AsyncIterable<Buffer>,
  keep: () => Promise<unknown>,
  everyMs: number,
): AsyncGenerator<Buffer> {
  let refusal: AppError | undefined
  const timer = setInterval(() => {
    keep().catch((error: unknown) => {
      if (error instanceof AppError && error.status < 500) refusal = error
    })
  }, everyMs)
  try {
    for await (const chunk of chunks) {
      if (refusal) throw refusal
      yield chunk
    }
  } finally {
    clearInterval(timer)
  }
}

export interface Breakable {
  chunks: AsyncIterable<Buffer>
  /** The error that ended the chunks; undefined if they ended normally. */
  cause(): unknown
}

/** Chunks that end normally where `chunks` throws, so that everything before the error is stored. */
export function untilBroken(chunks: AsyncIterable<Buffer>): Breakable {
  let broken: unknown
  async function* passOn(): AsyncGenerator<Buffer> {
    try {
      yield* chunks
    } catch (error) {
      broken = error
    }
  }
  return { chunks: passOn(), cause: () => broken }
}
