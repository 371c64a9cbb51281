import type { AuthConfig } from '../config.ts'
import type { MailTokenPurpose } from '../db/schema.ts'
import { folderMailer, type Mailer, smtpMailer } from './mailer.ts'

export interface Mail {
  mailer: Mailer
  /** Where the links in mails lead, without the token. */
  pages: Record<MailTokenPurpose, string>
  retryMs: number
  /** Must an address be confirmed before its account can be used? */
  verification: boolean
}

export function openMail(config: AuthConfig): Mail {
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
