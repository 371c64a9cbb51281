import type { MailRow, UserRow } from '../db/schema.ts'

/** The texts of a mail, which `renderMail` lays out. */
export interface MailText {
  subject: string
  greeting: string
  paragraphs: string[]
  button?: { label: string; url: string }
  /** Printed small at the end. */
  note: string
}

type Body = Omit<MailText, 'greeting'>

const IGNORE = 'If this was not you, you can ignore this mail: nothing was changed.'

/** Asks the reader to confirm the address. */
export function verifyEmailMail(user: UserRow, url: string): MailText {
  return addressed(user, {
    subject: 'Confirm your e-mail address',
    paragraphs: [
      'Somebody, probably you, created a Kinora account with this address. Please confirm that it is yours.',
    ],
    button: { label: 'Confirm address', url },
    note: 'The link works once, within 24 hours. If this was not you, do not use it.',
  })
}

export function resetPasswordMail(user: UserRow, url: string): MailText {
  return addressed(user, {
    subject: 'Set a new password',
    paragraphs: ['Somebody, probably you, asked for a new password for the Kinora account with this address.'],
    button: { label: 'Set a new password', url },
    note: `The link works once, within 30 minutes; a newer link replaces it. ${IGNORE}`,
  })
}

export function accountExistsMail(user: UserRow): MailText {
  return addressed(user, {
    subject: 'You already have an account',
    paragraphs: [
      'Somebody, probably you, tried to create a Kinora account with this address. The address already has an account, so no new one was created.',
      'If you have forgotten your password, you can ask for a new one on the sign-in page.',
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
    note: 'If this was not you, ask for a new password on the sign-in page at once: setting it ends every session of your account.',
  })
}

export function passwordResetMail(user: UserRow, mail: MailRow): MailText {
  return addressed(user, {
    subject: 'You have a new password',
    paragraphs: [
      `The password of your Kinora account was reset ${circumstances(mail)}, with a link from a mail that we sent to you.`,
      'You were signed out everywhere.',
    ],
    note: 'If this was not you, somebody can read your mails: secure your mailbox first, then ask for a new password.',
  })
}

export function secondFactorResetMail(user: UserRow, { created_at }: MailRow): MailText {
  return addressed(user, {
    subject: 'Your second factor was removed',
    paragraphs: [
      `An administrator removed authenticator app, recovery codes and passkeys from your Kinora account ${moment(created_at)}.`,
      'You were signed out everywhere. You can now sign in with your password only: please set up a new second factor.',
    ],
    note: 'If you did not ask for this, set a new password and tell the people who run this site.',
  })
}

export function apiKeyCreatedMail(user: UserRow, mail: MailRow): MailText {
  const whose = mail.kind === 'service_key_created' ? 'for a service account, by your' : 'for your'
  return addressed(user, {
    subject: 'A new API key was created',
    paragraphs: [
      `A new API key was created ${whose} Kinora account ${circumstances(mail)}.`,
      'It works until it expires or is revoked, whether you are signed in or not.',
    ],
    note: 'If it was not you, revoke the key, set a new password and have all other API keys revoked with it.',
  })
}

/** What somebody changed in how an account is signed in to: the subject, and a clause of the first sentence. */
const SIGN_IN_CHANGES = {
  passkey_added: ['A passkey was added', 'A passkey, which signs in without the password, was added to'],
  totp_enabled: ['An authenticator app was set up', 'An authenticator app was set up as the second factor of'],
  totp_disabled: ['Your authenticator app was removed', 'The authenticator app was removed from'],
  recovery_codes_renewed: ['You have new recovery codes', 'New recovery codes replace the earlier ones of'],
} as const

export type SignInChange = keyof typeof SIGN_IN_CHANGES

export function signInChangedMail(user: UserRow, mail: MailRow, change: SignInChange): MailText {
  const [subject, what] = SIGN_IN_CHANGES[change]
  return addressed(user, {
    subject,
    paragraphs: [`${what} your Kinora account ${circumstances(mail)}.`],
    note: 'If this was not you, ask for a new password on the sign-in page at once, and have passkeys and API keys removed with it.',
  })
}

/** To an address that has no account. */
export function inviteMail(url: string): MailText {
  return {
    subject: 'You are invited',
    greeting: 'Hello,',
    paragraphs: ['An administrator has invited you to create a Kinora account with this address.'],
    button: { label: 'Create an account', url },
    note: 'The link works once, within 7 days; a newer link replaces it. If you do not want an account, you can ignore this mail.',
  }
}

/** To an address that may or may not have an account: the text is the same. `from` is the confirmed address of who invites. */
export function projectInvitationMail(url: string, from: string | null): MailText {
  return {
    subject: 'You are invited to a project',
    greeting: 'Hello,',
    paragraphs: [
      `${from ?? 'A Kinora user'} has invited you to work on the videos of a project.`,
      'Sign in with the account of this address, or create one first, and accept.',
    ],
    button: { label: 'See the invitation', url },
    note: 'The link works once, within 7 days; a newer link replaces it. If you do not want to join, you can ignore this mail.',
  }
}

/** Adds the greeting, with the name only for a confirmed address: otherwise strangers could send their own text in Kinora's mails. */
function addressed({ email_verified_at, display_name }: UserRow, body: Body): MailText {
  return { greeting: email_verified_at && display_name ? `Hello ${display_name},` : 'Hello,', ...body }
}

function circumstances({ created_at, ip }: MailRow): string {
  return `${moment(created_at)}${ip ? ` from the address ${ip}` : ''}`
}

function moment(at: Date): string {
  return `on ${at.toISOString().slice(0, 16).replace('T', ' at ')} UTC`
}
