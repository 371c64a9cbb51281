import type { Call, SessionTransport } from '@kinora/common/contract'

/** How the caller carries refresh tokens. */
export function transportOf({ client }: Call): SessionTransport {
  return client?.transport ?? 'body'
}
