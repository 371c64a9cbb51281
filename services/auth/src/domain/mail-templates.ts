import type { MailRow, UserRow } from '../db/schema.ts'

/** What a mail says, before `renderMail` lays it out. */
export interface MailText {
  subject: string
  greeting: string
  paragraphs: string[]
  button?: { label: string; url: string }
  /** Small, below the rest. */
  note: string
}

type Body = Omit<MailText, 'greeting'>

const IGNORE = 'If it was not you, you can ignore this mail: nothing was changed.'

/** Confirms that the reader owns the address. */
export function verifyEmailMail(user: UserRow, url: string): MailText {
  return addressed(user, {
    subject: 'Confirm your e-mail address',
    paragraphs: ['Somebody, probably you, made a Kinora account with this address. Please confirm that it is yours.'],
    button: { label: 'Confirm address', url },
    note: 'The link works once, within 24 hours. If it was not you, do not use it.',
  })
}

export function resetPasswordMail(user: UserRow, url: string): MailText {
  return addressed(user, {
    subject: 'Set a new password',
    paragraphs: ['Somebody, probably you, asked for a new password for the Kinora account with this address.'],
    button: { label: 'Set a new password', url },
    note: `The link works once, within 30 minutes; a later one replaces it. ${IGNORE}`,
  })
}

export function accountExistsMail(user: UserRow): MailText {
  return addressed(user, {
    subject: 'You have an account already',
    paragraphs: [
      'Somebody, probably you, tried to make a Kinora account with this address. There is one already, so no other was made.',
      'If you do not know your password any more, ask for a new one where you sign in.',
    ],
    note: IGNORE,
  })
}

export function passwordChangedMail(user: UserRow, mail: MailRow): MailText {
  return addressed(user, {
    subject: 'Your password was changed',
    paragraphs: [
      `The password of your Kinora account was changed ${circumstances(mail)}.`,
      'You were signed out everywhere else.',
    ],
    note: 'If it was not you, ask for a new password at once where you sign in: that ends every session of your account.',
  })
}

export function passwordResetMail(user: UserRow, mail: MailRow): MailText {
  return addressed(user, {
    subject: 'You have a new password',
    paragraphs: [
      `The password of your Kinora account was reset ${circumstances(mail)}, with a link from a mail to you.`,
      'You were signed out everywhere.',
    ],
    note: 'If it was not you, somebody reads your mails: secure your mailbox first, then ask for a new password.',
  })
}

export function secondFactorResetMail(user: UserRow, { created_at }: MailRow): MailText {
  return addressed(user, {
    subject: 'Your second factor was taken off',
    paragraphs: [
      `An administrator took authenticator app, recovery codes and passkeys off your Kinora account ${moment(created_at)}.`,
      'You were signed out everywhere. Your password alone signs you in now: set up a new second factor.',
    ],
    note: 'If you did not ask for it, set a new password and tell the people who run this site.',
  })
}

/** A name only once its owner has shown that the address is theirs: else strangers could have us mail their own words. */
function addressed({ email_verified_at, display_name }: UserRow, body: Body): MailText {
  return { greeting: email_verified_at && display_name ? `Hello ${display_name},` : 'Hello,', ...body }
}

function circumstances({ created_at, ip }: MailRow): string {
  return `${moment(created_at)}${ip ? ` from the address ${ip}` : ''}`
}

function moment(at: Date): string {
  return `on ${at.toISOString().slice(0, 16).replace('T', ' at ')} UTC`
}
