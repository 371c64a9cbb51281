import { events, type WebhookPayload } from '@kinora/common/contracts'
import { type Command, InvalidArgumentError } from 'commander'
import type { Act, Cli } from '../cli.ts'
import { findUserId } from '../find-user.ts'
import { type Forward, openForward } from '../forward.ts'
import { timeOf } from '../output/printer.ts'

interface ListenOptions {
  user?: string
  forward?: string
}

export function listenCommand(program: Command, act: Act, env: NodeJS.ProcessEnv): void {
  program
    .command('listen')
    .description('print what webhooks are told, as it happens, until it is interrupted')
    .option('--user <user>', 'only of this account: id or e-mail address')
    .option('--forward <url>', 'and post it there, signed with WEBHOOK_SECRET or a new secret', urlArgument)
    .action(
      act(async (cli, { user, forward }: ListenOptions) => {
        const ownerId = user === undefined ? undefined : await findUserId(cli.call, user)
        const send = forward === undefined ? undefined : openForward(forward, env)
        await listen(cli, ownerId, send)
        note('Listening; Ctrl-C ends it')
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
    () => note('The connection was lost for a while; something may be missing here'),
  )
}

/** `2026-11-24 22:10:05Z  video.failed      01890a5d-…  Holidays: There is no picture in this file` */
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
