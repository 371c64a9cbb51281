import { describe, expect, it } from 'vitest'
import { newWebhookSecret, webhookHeaders } from './webhook-signature.ts'

describe('webhookHeaders', () => {
  // The example of the reference libraries.
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
  const message = {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    at: new Date(1_614_265_330_000),
    body: '{"test": 2432232314}',
  }

  it('signs as the reference libraries do', () => {
    expect(webhookHeaders([secret], message)).toEqual({
      'webhook-id': message.id,
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    })
  })

  it('signs with every secret, the first one first', () => {
    const other = newWebhookSecret()
    const [first, second] = webhookHeaders([secret, other], message)['webhook-signature']?.split(' ') ?? []
    expect(first).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
    expect(second).toBe(webhookHeaders([other], message)['webhook-signature'])
  })
})

describe('newWebhookSecret', () => {
  it('has 32 random bytes', () => {
    expect(Buffer.from(newWebhookSecret().replace(/^whsec_/, ''), 'base64')).toHaveLength(32)
    expect(newWebhookSecret()).not.toBe(newWebhookSecret())
  })
})
