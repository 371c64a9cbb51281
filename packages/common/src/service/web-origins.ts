import { z } from 'zod'

const COMMA = /\s*,\s*/

/** `a, b` as a list; empty when unset. */
export const list = z
  .string()
  .default('')
  .transform((text) => text.trim().split(COMMA).filter(Boolean))

/** Variables of the services that must know from where pages call. */
export const webOrigins = {
  /** What clients type; its origin may call the API from a browser. */
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).default('http://localhost:8080'),
  /** Further origins that may, e.g. `https://app.example.com,https://admin.example.com`. */
  CORS_ORIGINS: list,
}

/** The web origins whose pages may use the API: its own, and those that the operator has named. */
export function allowedOrigins({ PUBLIC_URL, CORS_ORIGINS }: { PUBLIC_URL: string; CORS_ORIGINS: string[] }) {
  return new Set([PUBLIC_URL, ...CORS_ORIGINS].map((url) => new URL(url).origin)) as ReadonlySet<string>
}
