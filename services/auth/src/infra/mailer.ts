import { mkdir, open, rename } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createTransport } from 'nodemailer'
import type { AuthConfig } from '../config.ts'
import type { MailTokenPurpose } from '../db/schema.ts'

export interface MailDelivery {
  mailer: Mailer
  /** Where the links in mails lead, without the token. */
  pages: Record<MailTokenPurpose, string>
  retryMs: number
  /** Must an address be confirmed before its account can be used? */
  verification: boolean
}

export function createMailDelivery(config: AuthConfig): MailDelivery {
  const { SMTP_URL, MAILBOX_DIR, PUBLIC_URL, EMAIL_VERIFICATION } = config
  const from = config.MAIL_FROM ?? `Kinora <no-reply@${new URL(PUBLIC_URL).hostname}>`
  const page = (name: string) => `${PUBLIC_URL.replace(/\/$/, '')}/account/${name}`
  return {
    mailer: SMTP_URL === undefined ? folderMailer(MAILBOX_DIR, from) : smtpMailer(SMTP_URL, from),
    pages: {
      verify_email: config.VERIFY_EMAIL_PAGE ?? page('verify-email'),
      reset_password: config.RESET_PASSWORD_PAGE ?? page('reset-password'),
    },
    retryMs: config.MAIL_RETRY_MS,
    verification: (EMAIL_VERIFICATION ?? (SMTP_URL === undefined ? 'off' : 'required')) === 'required',
  }
}

/** A mail without its address, in both forms that mail programs show. */
export interface MailContent {
  subject: string
  text: string
  html: string
}

export interface Mailer {
  /** Hands a mail over for good, or throws. Returns where it went: the file, or `smtp`. `id` names the file. */
  send(id: string, to: string, content: MailContent): Promise<string>
}

/** For a server that answers at all; a whole mail takes no longer than `SEND_MS`, so that a stop need not wait for it. */
const TIMEOUTS = { dnsTimeout: 5000, connectionTimeout: 5000, greetingTimeout: 5000, socketTimeout: 10_000 }
export const SEND_MS = 15_000

/**
 * Over SMTP. With a user name, TLS is insisted on (RFC 8314 section 3): without, a machine on the way could take
 * STARTTLS out of the server's answer and read the password.
 */
function smtpMailer(url: string, from: string): Mailer {
  const requireTLS = new URL(url).username !== ''
  const transport = createTransport({ url, requireTLS, ...TIMEOUTS })
  return {
    async send(_id, to, content) {
      await transport.sendMail({ ...message(from, to, content), signal: AbortSignal.timeout(SEND_MS) })
      return 'smtp'
    },
  }
}

/** Into a folder, a file for each mail, for an installation without an SMTP server. */
function folderMailer(folder: string, from: string): Mailer {
  const transport = createTransport({ streamTransport: true, buffer: true })
  return {
    async send(id, to, content) {
      const { message: bytes } = await transport.sendMail(message(from, to, content))
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const path = join(resolve(folder), `${new Date().toISOString().replace(/\D/g, '').slice(0, 14)}-${id}.eml`)
      // Nobody sees half a mail, and only the service's user may read one: a link in it is as good as a password.
      const file = await open(`${path}.part`, 'w', 0o600)
      try {
        await file.writeFile(bytes as Buffer)
      } finally {
        await file.close()
      }
      await rename(`${path}.part`, path)
      return path
    },
  }
}

function message(from: string, to: string, content: MailContent) {
  return {
    from,
    // As an object it is not parsed: a comma in it would make two addresses.
    to: { name: '', address: to },
    ...content,
    // RFC 3834 section 5: no out-of-office notes, please.
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}
