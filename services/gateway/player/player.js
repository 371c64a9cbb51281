import './kinora-player.js'

const [, , videoId = ''] = location.pathname.split('/')
// Browsers do not send the fragment, so the token in the page's URL is in no log.
const token = new URLSearchParams(location.hash.slice(1)).get('token')
const player = document.querySelector('kinora-player')

addEventListener('hashchange', () => location.reload())
player.addEventListener('facts', ({ detail: { title, description } }) => {
  document.title = `${title} · Kinora`
  document.querySelector('h1').textContent = title
  document.querySelector('#description').textContent = description
  document.querySelector('header').className = ''
})
player.addEventListener('statechange', ({ detail: { state } }) => {
  // So that keys work without a click.
  if (state === 'playing') player.focus({ preventScroll: true })
})
player.setAttribute('video-id', videoId)
if (token !== null) player.setAttribute('token', token)
