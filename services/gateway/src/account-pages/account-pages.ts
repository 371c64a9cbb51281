import type { Express } from 'express'
import { STYLE } from './assets.ts'
import { PAGES } from './pages.ts'
import { SCRIPT } from './script.ts'

/**
 * Where the links in mails lead, so that they work without a site of one's own (`VERIFY_EMAIL_PAGE`, `RESET_PASSWORD_PAGE`).
 * The token stands in the fragment: no server sees it before the reader has pressed the button, which programs that follow
 * links in mails do not.
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
