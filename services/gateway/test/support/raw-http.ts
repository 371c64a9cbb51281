import { connect } from 'node:net'

/** Sends bytes unchanged and collects the response until the server closes the connection or `enough` returns true. */
export async function rawHttp(
  port: number,
  parts: (string | Buffer)[],
  enough: (received: string) => boolean = () => false,
): Promise<{ received: string; reset: boolean }> {
  return await new Promise((resolve) => {
    let received = ''
    const socket = connect(port, '127.0.0.1')
    const finish = (reset: boolean) => {
      socket.destroy()
      resolve({ received, reset })
    }
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
      if (enough(received)) finish(false)
    })
    socket.on('end', () => finish(false))
    socket.on('error', () => finish(true))
    socket.on('connect', () => {
      for (const part of parts) socket.write(part)
    })
  })
}
