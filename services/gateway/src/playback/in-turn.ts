import { AppError } from '@kinora/common/errors'
import sharp from 'sharp'

/** Pictures are made one after another, on one thread: they must not slow down what else the gateway does. */
sharp.concurrency(1)
let turn: Promise<unknown> = Promise.resolve()
const MAX_WAITING = 50
let waiting = 0

/** Makes a picture when those before it are made. Throws `DEPENDENCY_UNAVAILABLE` when too many others wait. */
export async function inTurn<T>(make: () => Promise<T>): Promise<T> {
  if (waiting >= MAX_WAITING) {
    throw new AppError('DEPENDENCY_UNAVAILABLE', { detail: 'Too many pictures are being made' })
  }
  waiting += 1
  const made = turn.then(make)
  turn = made.catch(() => {})
  try {
    return await made
  } finally {
    waiting -= 1
  }
}
