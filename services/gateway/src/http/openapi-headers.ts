/** Headers of answers by name: what they say, with an example. */
const text = (description: string, example: string) => ({ description, schema: { type: 'string', example } }) as const
const count = (description: string, example: number) => ({ description, schema: { type: 'integer', example } }) as const

export const HEADERS = {
  'X-Request-Id': text('Id of this request, for support and logs.', '01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55'),
  'RateLimit-Policy': text('Requests (q) allowed in a window of w seconds, by policy.', '"general";q=600;w=60'),
  RateLimit: text('Requests left (r) and seconds until the window ends (t), by policy.', '"general";r=599;t=60'),
  'Retry-After': count('Seconds to wait before the next try.', 2),
  'WWW-Authenticate': text('What kind of credentials are expected (RFC 6750).', 'Bearer realm="kinora"'),
  Location: text('Address to send the bytes of the upload to.', '/v1/uploads/01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55'),
  'X-Video-Id': text('Id of the video whose source is being uploaded.', '01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55'),
  'Tus-Resumable': text('Version of the tus protocol that the server speaks.', '1.0.0'),
  'Upload-Offset': count('Bytes of the upload that are stored durably.', 1048576),
  'Upload-Length': count('Bytes of the whole file.', 73400320),
  'Upload-Complete': text('Whether the upload is complete; in the IETF protocol.', '?0'),
  'Upload-Limit': text(
    'Most bytes that the file may have, and seconds until the upload is removed; in the IETF protocol.',
    'max-size=73400320, max-age=86400',
  ),
  'Upload-Defer-Length': text('`1`: the length of the file is not known yet; in tus.', '1'),
  'Upload-Expires': text('When the upload is removed unless another request comes.', 'Tue, 01 Dec 2026 06:00:00 GMT'),
  'Upload-Metadata': text('The metadata that the client gave.', 'filename aG9saWRheS5tcDQ='),
  'Idempotent-Replayed': text('`true`: the answer of an earlier request with the same Idempotency-Key.', 'true'),
  ETag: text('Validator of this representation, for If-None-Match and If-Range.', '"5f2b-18c2"'),
  'Cache-Control': text('Who may keep the answer, and for how many seconds.', 'private, max-age=60'),
  'Cache-Tag': text('By which a cache can purge all files of a video.', 'video-01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55'),
  'Surrogate-Key': text('The same as Cache-Tag.', 'video-01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55'),
  'Accept-Ranges': text('The file can be fetched in byte ranges.', 'bytes'),
  'Content-Range': text('Which bytes of how many these are (RFC 9110).', 'bytes 0-1023/146515'),
  'Content-Disposition': text('File name to save the answer under.', 'attachment; filename="Holiday 720p.mp4"'),
  'Repr-Digest': text('SHA-256 of the answer (RFC 9530).', 'sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:'),
} as const
export type HeaderName = keyof typeof HEADERS

export const FILE_HEADERS: readonly HeaderName[] = ['ETag', 'Cache-Control', 'Accept-Ranges']
export const TEXT_HEADERS: readonly HeaderName[] = ['ETag', 'Cache-Control']

export function headerRefs(names: readonly HeaderName[]) {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))
}
