import { writeFileSync } from 'node:fs'
import { openApiDocument } from './http/openapi.ts'
import { routes } from './routes/index.ts'

// `npm run openapi`: docs/openapi.json is read off the route tables.
const path = new URL('../../../docs/openapi.json', import.meta.url)
writeFileSync(path, `${JSON.stringify(openApiDocument(routes), null, 2)}\n`)
