import type { ReadStream } from 'node:fs'
import { assertDocumented } from '@kinora/dev/harness'
import { Upload, type UploadOptions } from 'tus-js-client'
import type { Client } from './client.ts'

/** An upload's address, at the gateway that this client talks to. */
export function addressAt(client: Client, url: string): string {
  return new URL(new URL(url).pathname, client.baseUrl).href
}

/**
 * Goes on with the upload at `url`, or begins one, with the real client, until it is done or `cut` was called, which loses
 * its connection.
 */
export async function sendByTus(
  client: Client,
  source: Buffer | ReadStream,
  url: string | undefined,
  options: (cut: () => void) => Partial<UploadOptions>,
): Promise<{ url: string; ended: 'cut' | 'done' }> {
  return await new Promise((resolve, reject) => {
    const end = (ended: 'cut' | 'done') => resolve({ url: upload.url ?? '', ended })
    const cut = () => void upload.abort().then(() => end('cut'), reject)
    const upload: Upload = new Upload(source, {
      ...(url !== undefined && { uploadUrl: addressAt(client, url) }),
      endpoint: new URL('/v1/uploads', client.baseUrl).href,
      headers: client.headers,
      retryDelays: null,
      onAfterResponse: (req, res) =>
        assertDocumented({
          method: req.getMethod(),
          path: new URL(req.getURL()).pathname,
          status: res.getStatus(),
          contentType: res.getHeader('Content-Type') ?? null,
        }),
      onError: reject,
      onSuccess: () => end('done'),
      ...options(cut),
    })
    upload.start()
  })
}
