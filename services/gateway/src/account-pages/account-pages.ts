import type { Express } from 'express'
import { SCRIPT, STYLE } from './assets.ts'

/**
 * Serves the pages that the links in mails open, unless the operator has own ones (`VERIFY_EMAIL_PAGE`,
 * `RESET_PASSWORD_PAGE`). The token is in the fragment of the URL: no server gets it before the reader presses the button,
 * which programs that follow links in mails do not.
 */
export function serveAccountPages(app: Express): void {
  const files = [
    ...Object.entries(PAGES).map(([name, html]) => ({ path: `/account/${name}`, type: 'text/html', body: html })),
    { path: '/account/page.js', type: 'text/javascript', body: SCRIPT },
    { path: '/account/page.css', type: 'text/css', body: STYLE },
  ]
  for (const { path, type, body } of files) {
    app.get(path, (_req, res) => {
      res.locals.route = path
      res.setHeader('Cache-Control', 'no-cache')
      res.type(type).send(body)
    })
  }
}

/**
 * The pages by their last path segment. `data-action` is the request of a form, which the script in `assets.ts` sends; with
 * `data-sign-in`, in a session that it opens with the fields of the form and ends afterwards.
 */
const PAGES = {
  'verify-email': page(
    'Confirm your e-mail address',
    `<form data-action="/v1/auth/email/verify" data-done="Your address is confirmed. You can sign in now.">
      <p>Press the button to confirm that this address is yours.</p>
      <button>Confirm address</button>
    </form>`,
  ),
  'reset-password': page(
    'Set a new password',
    `<form data-action="/v1/auth/password/reset" data-done="Your password is set. You were signed out everywhere; sign in with the new one.">
      <label for="password">New password</label>
      <input id="password" name="password" type="password" autocomplete="new-password" minlength="8" maxlength="256" required autofocus>
      <label><input name="revokeApiKeys" type="checkbox"> Also revoke all API keys of the account</label>
      <label><input name="removePasskeys" type="checkbox"> Also remove all passkeys of the account</label>
      <button>Set password</button>
    </form>`,
  ),
  register: page(
    'Create your account',
    `<form data-action="/v1/auth/register" data-token="invite" data-done="Your account is created. If a mail asks you to confirm your address, do that first; then sign in.">
      <label for="email">E-mail address</label>
      <input id="email" name="email" type="email" autocomplete="username" maxlength="254" required>
      <label for="password">Password</label>
      <input id="password" name="password" type="password" autocomplete="new-password" minlength="8" maxlength="256" required autofocus>
      <button>Create account</button>
    </form>`,
  ),
  join: page(
    'Join a project',
    `<form data-action="/v1/project-invitations/accept" data-sign-in="yes" data-done="You are a member of the project now.">
      <p>Sign in with the account of this address to accept the invitation. Without an account, create one first.</p>
      <label for="email">E-mail address</label>
      <input id="email" name="email" type="email" autocomplete="username" maxlength="254" required>
      <label for="password">Password</label>
      <input id="password" name="password" type="password" autocomplete="current-password" maxlength="256" required autofocus>
      <label for="code">Code of your authenticator app, if the account has one</label>
      <input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="64">
      <button>Accept</button>
    </form>`,
  ),
} as const

function page(title: string, form: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Kinora</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/account/page.css">
<script type="module" src="/account/page.js"></script>
</head>
<body>
<main>
<h1>${title}</h1>
${form}
<p id="status" role="status"></p>
<noscript><p>This page needs JavaScript.</p></noscript>
</main>
</body>
</html>
`
}
