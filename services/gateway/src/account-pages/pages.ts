/** The pages by their last path segment; which request a form makes stands on it, see `script.ts`. */
export const PAGES = {
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
      <button>Set password</button>
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
