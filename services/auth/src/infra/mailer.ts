import { mkdir, open, rename } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createTransport } from 'nodemailer'
import type { AuthConfig } from '../config.ts'
import type { MailTokenPurpose } from '../db/schema.ts'

export interface MailDelivery {
  mailer: Mailer
  /** The URLs of links in mails, without the token. */
  pages: Record<MailTokenPurpose, string>
  retryMs: number
  /** Whether an address must be confirmed before its account can be used. */
  verification: boolean
}

/** `now` dates the files of mails that are written to a folder. */
export function createMailDelivery(config: AuthConfig, now: () => Date): MailDelivery {
  const { SMTP_URL, MAILBOX_DIR, PUBLIC_URL, EMAIL_VERIFICATION } = config
  const from = config.MAIL_FROM ?? `Kinora <no-reply@${new URL(PUBLIC_URL).hostname}>`
  const page = (name: string) => `${PUBLIC_URL.replace(/\/$/, '')}/account/${name}`
  return {
    mailer: SMTP_URL === undefined ? folderMailer(MAILBOX_DIR, from, now) : smtpMailer(SMTP_URL, from),
    pages: {
      verify_email: config.VERIFY_EMAIL_PAGE ?? page('verify-email'),
      reset_password: config.RESET_PASSWORD_PAGE ?? page('reset-password'),
    },
    retryMs: config.MAIL_RETRY_MS,
    verification: (EMAIL_VERIFICATION ?? (SMTP_URL === undefined ? 'off' : 'required')) === 'required',
  }
}

/** A mail without its address, as plain text and as HTML. */
export interface MailContent {
  subject: string
  text: string
  html: string
}

export interface Mailer {
  /**
   * Delivers a mail to the server or the folder, or throws. Returns the path of the file, or `smtp`. `id` is part of
   * the file's name.
   */
  send(id: string, to: string, content: MailContent): Promise<string>
}

/** Milliseconds for each step; a whole mail takes at most `SEND_MS`, so that stopping the service does not wait longer. */
const TIMEOUTS = { dnsTimeout: 5000, connectionTimeout: 5000, greetingTimeout: 5000, socketTimeout: 10_000 }
export const SEND_MS = 15_000

/**
 * Sends over SMTP. With a user name, TLS is required (RFC 8314 section 3): otherwise a machine on the path could remove
 * STARTTLS from the server's answer and read the password.
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

/** Writes each mail to a file in a folder, for an installation without an SMTP server. */
function folderMailer(folder: string, from: string, now: () => Date): Mailer {
  const transport = createTransport({ streamTransport: true, buffer: true })
  return {
    async send(id, to, content) {
      const { message: bytes } = await transport.sendMail(message(from, to, content))
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const path = join(resolve(folder), `${now().toISOString().replace(/\D/g, '').slice(0, 14)}-${id}.eml`)
      // Renamed when it is complete. Only the service's user may read it, because a link in it is as good as a password.
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
    // An object is not parsed; in a string a comma would separate two addresses.
    to: { name: '', address: to },
    ...content,
    // RFC 3834 section 5: suppresses out-of-office replies.
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}
