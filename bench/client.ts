import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { request } from 'node:http'

const MEBIBYTE = 1024 * 1024

export interface Account {
  /** URL of the gateway. */
  url: string
  token: string
  userId: string
  /** The password is `correct horse battery`. */
  email: string
}

export async function signUp(url: string): Promise<Account> {
  const email = `bench-${Date.now()}@kinora.test`
  const body = { email, password: 'correct horse battery' }
  const answer = await call<{ accessToken: string; user: { id: string } }>({ url }, 'POST', '/v1/auth/register', body)
  return { url, token: answer.accessToken, userId: answer.user.id, email }
}

/** Sends a request and returns the body of its answer; throws on an error status. */
export async function call<T>(
  { url, token }: { url: string; token?: string },
  method: string,
  path: string,
  body?: object,
): Promise<T> {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) }
  const answer = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) })
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`)
  return (answer.status === 204 ? undefined : await answer.json()) as T
}

/** Uploads a source. Resolves when it is answered, with the time at which its last byte was passed to the kernel. */
export async function sendSource({ url, token }: Account, videoId: string, file: string): Promise<number> {
  const { size } = await stat(file)
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'video/mp4', 'content-length': size }
  return await new Promise((resolve, reject) => {
    let sentAt = Number.NaN
    const sending = request(`${url}/v1/videos/${videoId}/source`, { method: 'PUT', headers }, (answer) => {
      const { statusCode } = answer
      const refused = () => reject(new Error(`the upload was answered ${statusCode}`))
      answer.resume().once('end', () => (statusCode === 202 ? resolve(sentAt) : refused()))
    })
    sending.once('finish', () => {
      sentAt = performance.now()
    })
    sending.once('error', reject)
    createReadStream(file, { highWaterMark: MEBIBYTE }).pipe(sending)
  })
}
