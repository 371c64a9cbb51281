import type { Texts } from './problem-text.ts'

const SIGN_IN = 'Sign in again.'
const REFRESH = 'Renew it with the refresh token, or sign in again.'

/** Of codes about accounts, sessions, keys and projects. */
export const IDENTITY_TEXTS = {
  UNAUTHENTICATED: [
    'The operation needs a caller, and the request has no credentials.',
    'Send `Authorization: Bearer` with an access token or an API key.',
  ],
  TOKEN_INVALID: [
    'The access token is cut off, changed, or was issued by another installation.',
    'Send the token as it was received, after `Bearer` and one space.',
  ],
  TOKEN_EXPIRED: ['An access token is valid for 15 minutes unless operators say otherwise.', REFRESH],
  TOKEN_REVOKED: ['The session was ended: by a sign-out, an administrator, or a change of the account.', SIGN_IN],
  KEY_RETIRED: ['Operators retired the key that signed this access token.', REFRESH],
  KEY_NOT_FOUND: ['No signing key has this id.', 'List the keys and take an id from there.'],
  KEY_TOO_NEW: [
    'Gateways must know a signing key before tokens are signed with it.',
    'Try again after `Retry-After` seconds.',
  ],
  AUDIT_CHAIN_BROKEN: [
    'The check found entries of the audit log that were changed or removed behind the back of the service.',
    'Compare with a backup, and find out who could write to the database.',
  ],
  FORBIDDEN: [
    'Your role in the project, or in the installation, does not allow this.',
    'Ask an admin of the project for a higher role, or use the account that has it.',
  ],
  INVALID_CREDENTIALS: [
    'No account has this e-mail address and password. Which of the two is wrong is not said.',
    'Check both, or ask for a mail to choose a new password.',
  ],
  EMAIL_NOT_VERIFIED: [
    'The address of the account was not confirmed yet.',
    'Open the link in the mail, or have it sent again.',
  ],
  MAIL_TOKEN_INVALID: [
    'A link in a mail works once, for a limited time, and only the latest one.',
    'Ask for a new mail.',
  ],
  REGISTRATION_CLOSED: ['Operators have closed registration.', 'Ask them for an account.'],
  INVITE_INVALID: [
    'The invitation is for another address, was used or withdrawn, or has expired.',
    'Ask for a new one, and use it with the address that it was sent to.',
  ],
  INVITE_NOT_FOUND: ['The invitation was used or withdrawn, or never existed.', 'List the invitations.'],
  EMAIL_TAKEN: ['The address belongs to an account already.', 'Sign in with it, or use another address.'],
  PASSWORD_UNACCEPTABLE: [
    'The password is too short, common, close to the address, or on a list of stolen ones. `detail` says which.',
    'Choose a longer one: several words are easy to remember.',
  ],
  PASSWORD_WRONG: ['The current password, which confirms the change, is wrong.', 'Type it again.'],
  PASSWORD_CHANGED: ['The password was changed, which ends the other sessions.', 'Sign in with the new password.'],
  ACCOUNT_DISABLED: ['An administrator has disabled this account.', 'Ask the operators.'],
  ACCOUNT_ERASED: ['The account was deleted, and its sessions with it.', 'Register again if you want to go on.'],
  REFRESH_INVALID: ['The refresh token is cut off or changed, or its session is gone.', SIGN_IN],
  REFRESH_EXPIRED: ['The session was not used for longer than a refresh token lives.', SIGN_IN],
  REFRESH_REUSED: [
    'A refresh token works once. Its second use means that somebody else may have it, so the session was ended.',
    'Sign in again. Store the new refresh token before you use the new access token, and renew in one place only.',
  ],
  REFRESH_TRANSPORT_MISMATCH: [
    'The session keeps its refresh token in a cookie and got it in the body, or the reverse.',
    'Renew the session in the way in which it was begun.',
  ],
  ORIGIN_NOT_ALLOWED: [
    'Cookie sessions are for pages of this installation only.',
    'Operators list further origins in `CORS_ORIGINS`. Programs use the body instead of cookies.',
  ],
  CSRF_FAILED: [
    'The request has a session cookie and not the token that belongs to it.',
    'Send the CSRF token of the last answer in the header `X-CSRF-Token`.',
  ],
  SESSION_REVOKED: ['The session was ended elsewhere.', SIGN_IN],
  LAST_ADMIN: ['An installation keeps at least one administrator.', 'Make another account an administrator first.'],
  SESSION_NOT_FOUND: ['The session ended already, or is not one of yours.', 'List the sessions.'],
  USER_NOT_FOUND: ['No account has this id.', 'List the accounts and take an id from there.'],
  OWN_ACCOUNT: [
    'Administrators cannot disable or demote themselves.',
    'Let another administrator do it, or delete the account as its user.',
  ],
  REAUTHENTICATION_REQUIRED: [
    'The sign-in is older than 15 minutes, and this needs the password.',
    'Send `password` with the request.',
  ],
  MFA_ALREADY_ENABLED: ['The account has an authenticator app.', 'Remove it first to set up another one.'],
  MFA_NOT_ENABLED: ['The account has no authenticator app, so there is no code to check.', 'Set one up first.'],
  TOTP_SETUP_NOT_FOUND: ['A setup ends after 15 minutes.', 'Start it again and scan the new code.'],
  MFA_CODE_INVALID: [
    'The code is wrong, was used, or the clock of the device is more than half a minute off.',
    'Wait for the next code. Recovery codes work once.',
  ],
  MFA_CODE_WRONG: [
    'The code that confirms the change is wrong or was used.',
    'Wait for the next code, or use a recovery code.',
  ],
  MFA_CODE_REQUIRED: ['The account has a second factor.', 'Send `code` or `recoveryCode` with the request.'],
  MFA_TOKEN_INVALID: ['The first step of this sign-in is unknown or was completed.', SIGN_IN],
  MFA_TOKEN_EXPIRED: ['The second step took too long.', SIGN_IN],
  MFA_TOKEN_EXHAUSTED: ['One sign-in takes a few wrong codes only.', SIGN_IN],
  MFA_LOCKED: [
    'Many wrong codes came for this account, perhaps from somebody who knows the password.',
    'Wait for `Retry-After` seconds, and change the password if it was not you.',
  ],
  API_KEY_INVALID: [
    'The key is cut off, changed, or of another installation.',
    'Send the whole key, from `knr_` to its end, after `Bearer` and one space.',
  ],
  API_KEY_EXPIRED: ['The key had an end, and it has passed.', 'Create a new key.'],
  API_KEY_REVOKED: [
    'The key was revoked: by hand, or because its creator left the project.',
    'Create a new key in an account that stays.',
  ],
  API_KEY_NOT_ACCEPTED: [
    'This is for people only, such as members and passwords: a key that leaks must not reach it.',
    'Sign in and use the access token.',
  ],
  API_KEY_NOT_FOUND: ['The key was revoked already, or is not one of yours.', 'List the keys.'],
  API_KEY_LIMIT_REACHED: ['The account has as many keys as it may.', 'Revoke those that nobody uses.'],
  INSUFFICIENT_SCOPE: [
    'The key was created without the scope that this operation needs.',
    '`WWW-Authenticate` names the scope. Create a key that has it.',
  ],
  PROJECT_NOT_FOUND: [
    'No project has this id, or you are not a member of it. An API key reaches one project only.',
    'List your projects and take an id from there.',
  ],
  PROJECT_CHANGED: [
    'Somebody updated the project since you read the `ETag` that `If-Match` has.',
    'Read it again, and repeat the change if it still makes sense.',
  ],
  PROJECT_IS_PERSONAL: [
    'A personal project has one member for good, and goes with its account.',
    'Create a project for a team.',
  ],
  PROJECT_LIMIT_REACHED: ['The account owns as many projects as it may.', 'Hand one over or delete it.'],
  MEMBER_NOT_FOUND: ['The account is not a member, or not any more.', 'List the members.'],
  MEMBER_EXISTS: ['The address belongs to somebody who is in the project.', 'Change the role of the member instead.'],
  MEMBER_LIMIT_REACHED: [
    'A project has at most 200 members and invitations.',
    'Withdraw invitations or remove members.',
  ],
  LAST_OWNER: ['A project keeps at least one owner.', 'Hand it over to another member, or delete it.'],
  SERVICE_ACCOUNT_NOT_FOUND: ['No service account has this id.', 'List the service accounts.'],
  PASSKEY_CHALLENGE_INVALID: [
    'The challenge was used or is older than some minutes.',
    'Begin again, and do not reload the page in between.',
  ],
  PASSKEY_UNACCEPTABLE: [
    'The answer of the authenticator is not for this host, or its kind of key is not supported.',
    'Open the page under the address of the installation, and try another authenticator.',
  ],
  PASSKEY_LIMIT_REACHED: ['The account has as many passkeys as it may.', 'Remove those of lost devices.'],
  PASSKEY_NOT_FOUND: ['The passkey was removed, or is not one of yours.', 'List the passkeys.'],
  PASSKEY_INVALID: [
    'No account has this passkey, or its signature is wrong.',
    'Sign in with the password, and add the passkey again.',
  ],
  TOO_BUSY: [
    'Passwords are slow to check by intention, and more sign-ins wait than can be checked in time.',
    'Try again after `Retry-After` seconds.',
  ],
} as const satisfies Texts
