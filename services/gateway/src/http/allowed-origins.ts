import type { GatewayConfig } from '../config.ts'

/** The web origins whose pages may use the API: its own, and those that the operator has named. */
export function allowedOrigins({ PUBLIC_URL, CORS_ORIGINS }: GatewayConfig): ReadonlySet<string> {
  return new Set([PUBLIC_URL, ...CORS_ORIGINS].map((url) => new URL(url).origin))
}
