import { z } from 'zod'

export const IdempotencyHeaders = z.object({
  'Idempotency-Key': z.string().min(1).max(257).optional().meta({
    description:
      'A random name of this request, by the caller: 1 to 255 printable ASCII characters, with or without quotes. For a day the same request with it gets the same answer and does nothing; another request is refused.',
    example: '8e03978e-40d5-43e8-bc93-6894a57f9324',
  }),
})

const TAG = '"r3.47DEQpj8HBSa-_TImW-5JC"'

export const ReadConditions = z.object({
  'If-None-Match': z.string().optional().meta({
    description: 'The `ETag` of the answer that you have: if nothing has changed, the answer is 304 without a body.',
    example: TAG,
  }),
})

export const ChangeConditions = z.object({
  'If-Match': z.string().optional().meta({
    description:
      'The `ETag` of what you have read: if a member has updated it since, nothing is done (412). Processing of a video is no update.',
    example: TAG,
  }),
})
