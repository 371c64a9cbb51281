import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { SMTPServer } from 'smtp-server'
import { until } from '../until.ts'

export interface ReceivedMail {
  to: string
  subject: string
  headers: string
  text: string
  html: string
  /** The token in the mail's link; throws when the mail has no link. */
  token(): string
}

export interface Smtp {
  url: string
  mails: ReceivedMail[]
  /** Waits for the `count`-th mail to an address and gives that. */
  mailTo(address: string, count?: number): Promise<ReceivedMail>
  /** The answer to `RCPT TO`, e.g. 550; null takes everybody. */
  refuseWith: number | null
  stop(): Promise<void>
  start(): Promise<void>
}

/** A real SMTP server; it keeps its port when it is stopped and started again. */
export async function startSmtp(): Promise<Smtp> {
  let server: SMTPServer
  let port = 0
  const smtp: Smtp = {
    url: '',
    mails: [],
    refuseWith: null,
    async mailTo(address, count = 1) {
      const theirs = () => smtp.mails.filter(({ to }) => to === address)
      return await until(() => theirs()[count - 1])
    },
    async start() {
      server = new SMTPServer({
        authOptional: true,
        disabledCommands: ['STARTTLS', 'AUTH'],
        onRcptTo(_address, _session, done) {
          if (smtp.refuseWith === null) return done()
          done(Object.assign(new Error('no such mailbox: somebody@example.com'), { responseCode: smtp.refuseWith }))
        },
        onData(stream, session, done) {
          void buffer(stream).then((bytes) => {
            const to = session.envelope.rcptTo[0]?.address ?? ''
            smtp.mails.push(parseMail(to, bytes.toString()))
            done()
          })
        },
      })
      server.on('error', () => {})
      const listening = server.listen(port, '127.0.0.1')
      await once(listening, 'listening')
      port = (listening.address() as AddressInfo).port
      smtp.url = `smtp://127.0.0.1:${port}`
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  }
  await smtp.start()
  return smtp
}

/** Supports what Kinora's mails use: two parts, quoted-printable or 7bit. */
export function parseMail(to: string, raw: string): ReceivedMail {
  const [headers = '', ...rest] = raw.split('\r\n\r\n')
  const boundary = /boundary="([^"]+)"/.exec(headers)?.[1] ?? '\0'
  const [, plain = '', html = ''] = rest.join('\r\n\r\n').split(`--${boundary}`).map(decodePart)
  const unfolded = headers.replace(/\r\n\s+/g, ' ')
  return {
    to,
    headers: unfolded,
    subject: /^Subject: (.*)$/m.exec(unfolded)?.[1] ?? '',
    text: plain,
    html,
    token() {
      const token = /#token=([\w-]{43})\b/.exec(plain)?.[1]
      if (!token) throw new Error(`no link in: ${plain}`)
      return token
    },
  }
}

function decodePart(part: string): string {
  const [head = '', ...body] = part.trimStart().split('\r\n\r\n')
  const text = body.join('\r\n\r\n')
  if (!/quoted-printable/i.test(head)) return text
  const bytes = text
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString()
}
