import { events, type WebhookPayload } from '@kinora/common/contracts'
import { newWebhookSecret, webhookHeaders } from '@kinora/common/webhook-signature'
import { type Command, InvalidArgumentError } from 'commander'
import { type Act, type Cli, findUserId } from '../cli.ts'
import { timeOf } from '../printer.ts'

interface ListenOptions {
  user?: string
  forward?: string
}

export function listenCommand(program: Command, act: Act, env: NodeJS.ProcessEnv): void {
  program
    .command('listen')
    .description('print webhook events as they happen, until Ctrl-C')
    .option('--user <user>', 'only events of this account: id or e-mail address')
    .option(
      '--forward <url>',
      'also post each event to this URL, signed with WEBHOOK_SECRET or a new secret',
      urlArgument,
    )
    .action(
      act(async (cli, { user, forward }: ListenOptions) => {
        const ownerId = user === undefined ? undefined : await findUserId(cli.call, user)
        const send = forward === undefined ? undefined : openForward(forward, env)
        await listen(cli, ownerId, send)
        note('Listening; press Ctrl-C to stop')
        await interruption()
      }),
    )
}

async function listen({ listen, print }: Cli, ownerId: string | undefined, send: Forward | undefined): Promise<void> {
  await listen(
    events['video.milestone-reached'],
    ({ id, data }) => {
      if (ownerId !== undefined && data.ownerId !== ownerId) return
      print.event(sentenceOf(data.payload), data.payload)
      void send?.(id, data.payload).then(note)
    },
    () => note('The connection was lost for a while; events may be missing'),
  )
}

/** `2026-11-24 22:10:05Z  video.failed      01890a5d-…  Holidays: …` */
function sentenceOf({ type, timestamp, data }: WebhookPayload): string {
  const about = 'title' in data ? `${data.id}  ${data.title}${data.error ? `: ${data.error.detail}` : ''}` : ''
  return `${timeOf(timestamp)}  ${type.padEnd(16)}  ${about}`
}

function note(text: string): void {
  process.stderr.write(`${text}\n`)
}

function urlArgument(text: string): string {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) throw new InvalidArgumentError('It must be an http(s) URL.')
  return text
}

async function interruption(): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve)
  })
}

const ANSWER_MS = 15_000

/** Posts an event once, as a webhook delivery does. Resolves with a sentence on the result and never rejects. */
type Forward = (id: string, payload: WebhookPayload) => Promise<string>

/** Signs with `WEBHOOK_SECRET` (`whsec_…`), or with a new secret, which it prints on standard error. */
function openForward(url: string, { WEBHOOK_SECRET }: NodeJS.ProcessEnv): Forward {
  const secret = WEBHOOK_SECRET || newWebhookSecret()
  if (!WEBHOOK_SECRET) process.stderr.write(`Forwarded events are signed with ${secret}\n`)
  return async (id, payload) => {
    const body = JSON.stringify(payload)
    const headers = { 'content-type': 'application/json', ...webhookHeaders([secret], { id, at: new Date(), body }) }
    try {
      const signal = AbortSignal.timeout(ANSWER_MS)
      const answer = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' })
      await answer.body?.cancel()
      return `${payload.type}: ${url} answered ${answer.status}`
    } catch (error) {
      const { message, cause } = error as Error
      return `${payload.type}: ${url} did not answer: ${cause instanceof Error ? cause.message : message}`
    }
  }
}
