/** RabbitMQ's management HTTP API, as the administrator whose name and password the URL carries. */
export type ManagementApi = {
  /** Throws on any answer outside 2xx, except 404 to a DELETE: gone is gone. Returns the JSON body, if there is one. */
  request(method: 'GET' | 'PUT' | 'DELETE' | 'POST', path: string, body?: unknown): Promise<unknown>
}

const ANSWER_MS = 15_000

export function managementApi(managementUrl: string): ManagementApi {
  const { origin, username, password } = new URL(managementUrl)
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  const headers = {
    authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
    'content-type': 'application/json',
  }
  return {
    async request(method, path, body) {
      const init = { method, headers, signal: AbortSignal.timeout(ANSWER_MS) }
      const answer = await fetch(
        `${origin}/api${path}`,
        body === undefined ? init : { ...init, body: JSON.stringify(body) },
      )
      const text = await answer.text()
      if (method === 'DELETE' && answer.status === 404) return undefined
      if (!answer.ok) throw new Error(`RabbitMQ answered ${answer.status} to ${method} ${path}: ${text}`)
      return text ? JSON.parse(text) : undefined
    },
  }
}
