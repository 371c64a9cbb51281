import { writeFileSync } from 'node:fs'
import { openApiDocument } from './http/openapi.ts'
import { routes } from './routes/index.ts'

// `npm run openapi` writes docs/openapi.json from the route tables.
const path = new URL('../../../docs/openapi.json', import.meta.url)
writeFileSync(path, `${JSON.stringify(openApiDocument(routes), null, 2)}\n`)
