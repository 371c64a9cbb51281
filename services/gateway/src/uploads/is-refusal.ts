import { AppError } from '@kinora/common/errors'

/** Media has decided; everything else means that it could not, or that nobody knows. */
export function isRefusal(error: unknown): boolean {
  return error instanceof AppError && error.status < 500
}
