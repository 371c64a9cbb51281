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
