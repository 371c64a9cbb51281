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

/** Sends the fields of the page's form and the token of its fragment, and says what came of it. */
export const SCRIPT = `const form = document.querySelector('form')
const button = form.querySelector('button')
const status = document.querySelector('#status')
const token = new URLSearchParams(location.hash.slice(1)).get('token')

function say(text, isBad) {
  status.textContent = text
  status.className = isBad ? 'bad' : ''
}

if (!token) {
  form.hidden = true
  say('This link is not whole. Open it from the mail again.', true)
}

form.addEventListener('submit', async (event) => {
  event.preventDefault()
  button.disabled = true
  say('')
  try {
    const answer = await fetch(form.dataset.action, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token, ...Object.fromEntries(new FormData(form)) }),
    })
    if (!answer.ok) return say((await answer.json()).detail, true)
    form.hidden = true
    // Out of the address bar and the history: it is used up.
    history.replaceState(null, '', location.pathname)
    say(form.dataset.done)
  } catch {
    say('The server cannot be reached. Try again in a moment.', true)
  } finally {
    button.disabled = false
  }
})
`
