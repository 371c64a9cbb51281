import { fileURLToPath } from 'node:url'

/** The root of the checkout, with a slash at the end; the same from `src` and from `dist`. */
export const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url))
