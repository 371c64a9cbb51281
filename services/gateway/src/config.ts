import { integer, list, secretKey, serviceConfig, webOrigins } from '@kinora/common/service'
import { storageSettings } from '@kinora/common/storage'
import { z } from 'zod'

/** Whoever may connect could then choose the address that he is counted by. */
const trustsAll = (proxy: string) => /\/0+$/.test(proxy)

/** How many requests in how many seconds: `10/60`. */
const allowance = (fallback: `${number}/${number}`) =>
  z
    .string()
    .regex(/^[1-9]\d{0,8}\/[1-9]\d{0,5}$/, 'must look like 10/60: requests/seconds')
    .default(fallback)
    .transform((text) => {
      const [points = 0, seconds = 0] = text.split('/').map(Number)
      return { points, seconds }
    })

/** As a `frame-ancestors` source: an origin and nothing more, or `*`. */
const isFrameSource = (source: string) => source === '*' || (URL.canParse(source) && new URL(source).origin === source)

export const gatewayConfig = serviceConfig.extend({
  HOST: z.string().default('127.0.0.1'),
  PORT: integer(0, 65_535).default(8080),
  ...webOrigins,
  /** Whose pages may show `/embed/{videoId}` in a frame, e.g. `https://blog.example.com`, or `*`. Nobody's by default. */
  EMBED_ORIGINS: list.refine(
    (sources) => sources.every(isFrameSource),
    'must be origins such as https://a.example.com',
  ),
  /** CSRF tokens of cookie sessions are computed with this; changing it signs those sessions out. */
  CSRF_SECRET: secretKey,
  /** Addresses or networks whose X-Forwarded-For is believed, e.g. `10.0.0.0/8`. Nobody's by default. */
  TRUSTED_PROXIES: list.refine((proxies) => !proxies.some(trustsAll), 'must not trust every address'),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }),
  REDIS_PREFIX: z.string().default('kinora:'),
  ...storageSettings,
  /** As in auth. */
  ISSUER: z.string().min(1).default('kinora'),
  AUDIENCE: z.string().min(1).default('kinora'),
  MAX_CONNECTIONS: integer(1, 1_000_000).default(10_000),
  /** At most so much of an upload is also kept apart, to begin with its first pictures while the rest comes; 0: never. */
  HEAD_START_BYTES: integer(0, 1024 ** 3).default(32 * 1024 ** 2),
  /** How long finishing uploads may hold up a stop. */
  DRAIN_MS: integer(0, 600_000).default(20_000),
  RATE_LIMIT_REGISTER: allowance('5/60'),
  RATE_LIMIT_LOGIN: allowance('10/60'),
  RATE_LIMIT_REFRESH: allowance('20/60'),
  RATE_LIMIT_PASSWORD: allowance('5/300'),
  RATE_LIMIT_MFA: allowance('10/60'),
  RATE_LIMIT_EXPORT: allowance('5/3600'),
  /** Asking for a mail, by the asker's address and by the mail's; the latter counts registering, too. */
  RATE_LIMIT_MAIL: allowance('5/900'),
  /** Coming with the token out of a mail. */
  RATE_LIMIT_MAIL_TOKEN: allowance('10/300'),
  RATE_LIMIT_ANONYMOUS: allowance('100/3600'),
  RATE_LIMIT_USER: allowance('1000/60'),
  /** For each API key; a key may have a smaller one of its own. */
  RATE_LIMIT_API_KEY: allowance('3000/60'),
  /** Asking auth about API keys that are not known here, by the asker's address. */
  RATE_LIMIT_KEY_LOOKUP: allowance('300/60'),
  RATE_LIMIT_UPLOAD: allowance('600/60'),
  RATE_LIMIT_PLAYBACK: allowance('3000/60'),
  /** How many gateways there are: while Redis is away each grants its part of what is left. */
  RATE_LIMIT_GATEWAYS: integer(1, 100).default(1),
})
export type GatewayConfig = z.output<typeof gatewayConfig>
