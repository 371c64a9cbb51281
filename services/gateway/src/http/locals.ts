declare global {
  namespace Express {
    /** What is known of a request, for log and metrics. */
    interface Locals {
      /** Template, e.g. `/v1/videos/:videoId`. */
      route?: string
      userId?: string
      apiKeyId?: string
    }
  }
}

export type Locals = Express.Locals
