import { media } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import { parseFields } from '../http/read-input.ts'
import { type HandRoute, tagged } from './route.ts'

const { input, errors, summary, description } = media.getTaskLog
const Params = input.pick({ videoId: true, taskId: true })
const Query = input.pick({ attempt: true })

export const taskLog = tagged('Videos', [
  {
    method: 'get',
    path: '/v1/videos/:videoId/tasks/:taskId/log',
    auth: 'required',
    scope: 'videos:read',
    limit: 'general',
    name: 'getTaskLog',
    summary,
    description,
    params: Params,
    query: Query,
    answers: { 200: { description: 'At most 64 KiB', content: { 'text/plain': 'text' } } },
    errors,
    handle: sendTaskLog,
  },
])

function sendTaskLog(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, { call }) => {
    const asked = { ...parseFields(Params, req.params), ...parseFields(Query, req.query) }
    const { log } = await ctx.rpc(media.getTaskLog, asked, call)
    res.setHeader('Content-Type', 'text/plain; charset=utf-8')
    res.setHeader('Cache-Control', 'no-store')
    res.end(log)
  }
}
