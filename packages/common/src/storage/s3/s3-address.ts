import { z } from 'zod'

export interface S3Address {
  bucket: string
  /** Goes before every key: empty, or ends with a slash. */
  prefix: string
  /** Undefined for AWS itself. */
  endpoint: string | undefined
  region: string
}

const Query = z.strictObject({
  endpoint: z.url({ protocol: /^https?$/ }).optional(),
  region: z.string().min(1).default('us-east-1'),
})

/**
 * Takes `s3://bucket/prefix?endpoint=https://s3.example.com&region=eu-west-1` apart; only the bucket is required.
 * Throws what may be shown: an address with credentials in it is refused without being repeated.
 */
export function parseS3Address(url: string): S3Address {
  const { hostname, pathname, searchParams, username, password } = new URL(url)
  if (username !== '' || password !== '') {
    throw new Error('STORAGE_URL: credentials belong into S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY')
  }
  if (hostname === '') throw new Error('STORAGE_URL: names no bucket')
  const query = Query.safeParse(Object.fromEntries(searchParams))
  if (!query.success) throw new Error('STORAGE_URL: takes an endpoint (http or https) and a region, and nothing else')
  const prefix = pathname.split('/').filter((word) => word !== '')
  return {
    bucket: hostname,
    prefix: prefix.map((word) => `${word}/`).join(''),
    endpoint: query.data.endpoint,
    region: query.data.region,
  }
}
