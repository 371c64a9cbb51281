import {
  ApiKey,
  AuditEntry,
  Passkey,
  PlaybackTokenInfo,
  auth as rpc,
  Session,
  User,
  Video,
  Webhook,
} from '@kinora/common/contracts'
import { z } from 'zod'
import { sendExport } from '../personal-data/export.ts'
import { tagged } from './tags.ts'

const PersonalData = z.object({
  exportedAt: z.iso.datetime(),
  account: User,
  sessions: z.array(Session),
  apiKeys: z.array(ApiKey),
  passkeys: z.array(Passkey),
  auditLog: z.array(AuditEntry),
  videos: z.array(Video.omit({ playback: true })),
  playbackTokens: z.array(PlaybackTokenInfo),
  webhooks: z.array(Webhook),
})

export const personalData = tagged('Accounts', [
  { method: 'delete', path: '/v1/auth/me', rpc: rpc.eraseMe, auth: 'required', limit: 'password', status: 204 },
  {
    method: 'get',
    path: '/v1/auth/me/export',
    auth: 'required',
    limit: 'export',
    name: 'exportMe',
    summary: 'Everything that is kept about the signed-in person, as a file',
    answers: {
      200: {
        description: 'A JSON file',
        headers: ['Content-Disposition'],
        content: { 'application/json': PersonalData },
      },
    },
    errors: ['DEPENDENCY_UNAVAILABLE', 'TIMEOUT', 'INTERNAL'],
    handle: sendExport,
  },
])
