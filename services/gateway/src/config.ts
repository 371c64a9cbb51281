import { integer, list, secretKey, serviceConfig, webOrigins } from '@kinora/common/service'
import { storageSettings } from '@kinora/common/storage'
import { z } from 'zod'

/** With such an entry every client could choose the address that its requests are counted by. */
const trustsAll = (proxy: string) => /\/0+$/.test(proxy)

/** Requests per seconds, for example `10/60`. */
const allowance = (fallback: `${number}/${number}`) =>
  z
    .string()
    .regex(/^[1-9]\d{0,8}\/[1-9]\d{0,5}$/, 'must look like 10/60: requests/seconds')
    .default(fallback)
    .transform((text) => {
      const [points = 0, seconds = 0] = text.split('/').map(Number)
      return { points, seconds }
    })

/** A `frame-ancestors` source: an origin without a path, or `*`. */
const isFrameSource = (source: string) => source === '*' || (URL.canParse(source) && new URL(source).origin === source)

export const gatewayConfig = serviceConfig.extend({
  HOST: z.string().default('127.0.0.1'),
  PORT: integer(0, 65_535).default(8080),
  ...webOrigins,
  /**
   * Origins whose pages may show `/embed/{videoId}` in a frame, e.g. `https://blog.example.com`, or `*`. Default: no
   * origin.
   */
  EMBED_ORIGINS: list.refine(
    (sources) => sources.every(isFrameSource),
    'must be origins such as https://a.example.com',
  ),
  /** Key of the CSRF tokens of cookie sessions, and of answers to idempotency keys. Changing it ends those sessions and keys. */
  CSRF_SECRET: secretKey,
  /** Addresses or networks whose X-Forwarded-For is trusted, e.g. `10.0.0.0/8`. Default: none. */
  TRUSTED_PROXIES: list.refine((proxies) => !proxies.some(trustsAll), 'must not trust every address'),
  /** Client addresses in the access log; `short` leaves out the end, which names a household. */
  LOG_ADDRESSES: z.enum(['full', 'short', 'none']).default('full'),
  /** Media's secret, and its previous one: playback tokens are checked with them, and addresses of segments signed. */
  PLAYBACK_SECRET: secretKey,
  PLAYBACK_SECRET_PREVIOUS: secretKey.optional(),
  /** Where players fetch segments, e.g. a CDN: `https://cdn.example.com`. Default: where they fetch playlists. */
  DELIVERY_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** Addresses of segments expire at multiples of so many seconds, and viewers of the same ones share them. */
  DELIVERY_BUCKET_SECONDS: integer(60, 86_400).default(3600),
  /** What caches in front send as `X-Delivery-Secret`. If it is set, files are delivered to them alone. */
  DELIVERY_SECRET: z
    .string()
    .regex(/^[\w+/=-]{32,200}$/, 'must be 32 to 200 characters of base64')
    .optional(),
  /** Seconds for which videos play on while media does not answer, so that revocations may be missed. */
  OFFLINE_PLAYBACK_SECONDS: integer(0, 604_800).default(3600),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }),
  REDIS_PREFIX: z.string().default('kinora:'),
  ...storageSettings,
  /** Must equal auth's `ISSUER`, as must `AUDIENCE`. */
  ISSUER: z.string().min(1).default('kinora'),
  AUDIENCE: z.string().min(1).default('kinora'),
  MAX_CONNECTIONS: integer(1, 1_000_000).default(10_000),
  /** Maximum open connections of one client address; trusted proxies are exempt. */
  CONNECTIONS_PER_ADDRESS: integer(1, 1_000_000).default(256),
  /** Maximum bytes copied from the start of an upload, to encode its first segments while the rest arrives; 0: no copy. */
  HEAD_START_BYTES: integer(0, 1024 ** 3).default(32 * 1024 ** 2),
  /** Milliseconds that open requests, mostly uploads, get to finish when the gateway stops. */
  DRAIN_MS: integer(0, 600_000).default(20_000),
  RATE_LIMIT_REGISTER: allowance('5/60'),
  RATE_LIMIT_LOGIN: allowance('10/60'),
  RATE_LIMIT_REFRESH: allowance('20/60'),
  RATE_LIMIT_PASSWORD: allowance('5/300'),
  RATE_LIMIT_MFA: allowance('10/60'),
  RATE_LIMIT_EXPORT: allowance('5/3600'),
  /** Requests for a mail, counted by client address and by mail address. The latter also counts registrations. */
  RATE_LIMIT_MAIL: allowance('5/900'),
  /** Requests with the token from a mail. */
  RATE_LIMIT_MAIL_TOKEN: allowance('10/300'),
  RATE_LIMIT_ANONYMOUS: allowance('100/3600'),
  RATE_LIMIT_USER: allowance('1000/60'),
  /** Per API key. A key may have a smaller allowance of its own. */
  RATE_LIMIT_API_KEY: allowance('3000/60'),
  /** Lookups of unknown API keys in auth, by client address. */
  RATE_LIMIT_KEY_LOOKUP: allowance('300/60'),
  RATE_LIMIT_UPLOAD: allowance('600/60'),
  /** Caption files, per user. Each is parsed by media. */
  RATE_LIMIT_CAPTIONS: allowance('120/60'),
  RATE_LIMIT_PLAYBACK: allowance('3000/60'),
  /** Stills that are not made yet, by client address. Each is the work of a worker. */
  RATE_LIMIT_STILL: allowance('120/60'),
  /** Number of gateways. While Redis is unavailable, each grants its share of every allowance. */
  RATE_LIMIT_GATEWAYS: integer(1, 100).default(1),
})
export type GatewayConfig = z.output<typeof gatewayConfig>
