export const STYLE = `:root {
  color-scheme: light dark;
  font: 16px/1.5 system-ui, sans-serif;
}
body {
  margin: 0;
}
main {
  box-sizing: border-box;
  max-width: 26rem;
  margin: 12vh auto 0;
  padding: 0 1.25rem;
}
h1 {
  font-size: 1.4rem;
  line-height: 1.3;
}
label,
input {
  display: block;
}
input {
  box-sizing: border-box;
  width: 100%;
  margin: 0.3rem 0 1rem;
  padding: 0.6rem;
  font: inherit;
  border: 1px solid #868c99;
  border-radius: 6px;
}
[type='checkbox'] {
  display: inline;
  width: auto;
  margin: 0 0.3rem 1rem 0;
}
button {
  padding: 0.6rem 1.1rem;
  font: inherit;
  font-weight: 600;
  color: #fff;
  background: #3046c5;
  border: 0;
  border-radius: 6px;
  cursor: pointer;
}
button:disabled {
  opacity: 0.6;
}
.bad {
  color: light-dark(#b3201d, #ff9a93);
}
`

/** Sends the fields of the page's form with the token from the URL's fragment, and shows the result. */
export const SCRIPT = `const form = document.querySelector('form')
const button = form.querySelector('button')
const status = document.querySelector('#status')
const given = new URLSearchParams(location.hash.slice(1))
const token = given.get('token')
if (form.elements.email) form.elements.email.value = given.get('email') ?? ''

function show(text, isBad) {
  status.textContent = text
  status.className = isBad ? 'bad' : ''
}

if (!token) {
  form.hidden = true
  show('This link is incomplete. Open it from the mail again.', true)
}

function post(path, body, bearer) {
  const headers = { 'content-type': 'application/json', ...(bearer && { authorization: 'Bearer ' + bearer }) }
  return fetch(path, { method: 'POST', headers, body: JSON.stringify(body) })
}

async function signedIn({ email, password, code }, act) {
  let login = await post('/v1/auth/login', { email, password })
  if (!login.ok) return login
  let answer = await login.json()
  if (answer.mfaRequired) {
    login = await post('/v1/auth/mfa', { mfaToken: answer.mfaToken, code })
    if (!login.ok) return login
    answer = await login.json()
  }
  const response = await act(answer.accessToken)
  await post('/v1/auth/logout', {}, answer.accessToken)
  return response
}

form.addEventListener('submit', async (event) => {
  event.preventDefault()
  button.disabled = true
  show('')
  const fields = Object.fromEntries(new FormData(form))
  for (const box of form.querySelectorAll('[type=checkbox]')) fields[box.name] = box.checked
  try {
    const response = form.dataset.signIn
      ? await signedIn(fields, (bearer) => post(form.dataset.action, { token }, bearer))
      : await post(form.dataset.action, { [form.dataset.token ?? 'token']: token, ...fields })
    if (!response.ok) return show((await response.json()).detail, true)
    form.hidden = true
    // Removes the used token from the address bar and the history.
    history.replaceState(null, '', location.pathname)
    show(form.dataset.done)
  } catch {
    show('The server cannot be reached. Try again in a moment.', true)
  } finally {
    button.disabled = false
  }
})
`
