import type { Express } from 'express'
import swaggerUi from 'swagger-ui-express'

/** `/openapi.json`, and a page to read it that is served from here whole, so it works without the internet. */
export function serveDocs(app: Express, document: object): void {
  const body = JSON.stringify(document)
  app.get('/openapi.json', (_req, res) => {
    res.locals.route = '/openapi.json'
    res.setHeader('Cache-Control', 'no-cache')
    res.type('application/json').send(body)
  })
  const options = { swaggerUrl: '/openapi.json', swaggerOptions: { validatorUrl: null }, customSiteTitle: 'Kinora API' }
  const page = swaggerUi.setup(undefined, options)
  app.use('/docs', (_req, res, next) => {
    res.locals.route = '/docs'
    next()
  })
  // The page's own files are named relative to it.
  app.get('/docs', (req, res, next) => (req.path === '/docs/' ? next() : res.redirect(308, '/docs/')))
  app.use('/docs', ...swaggerUi.serveFiles(undefined, options), page)
}
