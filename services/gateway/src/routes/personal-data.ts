import {
  ApiKey,
  AuditEntry,
  Passkey,
  PlaybackKey,
  PlaybackTokenInfo,
  Project,
  auth as rpc,
  Session,
  UploadLink,
  User,
  Video,
  Webhook,
} from '@kinora/common/contracts'
import { z } from 'zod'
import { sendExport } from '../personal-data/export.ts'
import { tagged } from './route.ts'

const PersonalData = z.object({
  exportedAt: z.iso
    .datetime()
    .meta({ description: 'When the export was made (UTC).', example: '2026-11-30T06:00:00.000Z' }),
  account: User.meta({ description: 'The account.' }),
  projects: z.array(Project).meta({ description: 'The projects of which it is a member.' }),
  sessions: z.array(Session).meta({ description: 'Its sessions.' }),
  apiKeys: z.array(ApiKey).meta({ description: 'Its API keys.' }),
  passkeys: z.array(Passkey).meta({ description: 'Its passkeys.' }),
  auditLog: z.array(AuditEntry).meta({ description: 'What happened to it.' }),
  videos: z.array(Video.omit({ playback: true })).meta({ description: 'The videos of its personal project.' }),
  playbackTokens: z.array(PlaybackTokenInfo).meta({ description: 'Its playback links.' }),
  playbackKeys: z.array(PlaybackKey).meta({ description: 'The playback keys of its personal project.' }),
  webhooks: z.array(Webhook).meta({ description: 'Its webhooks.' }),
  uploadLinks: z.array(UploadLink).meta({ description: 'The upload links of its personal project.' }),
})

export const personalData = tagged('Accounts', [
  { method: 'delete', path: '/v1/auth/me', rpc: rpc.eraseMe, auth: 'required', limit: 'password', status: 204 },
  {
    method: 'get',
    path: '/v1/auth/me/export',
    auth: 'required',
    limit: 'export',
    name: 'exportMe',
    summary: "Export the caller's data",
    description: "Everything that is stored about the caller's account, as one JSON file.",
    answers: {
      200: {
        description: 'A JSON file',
        headers: ['Content-Disposition'],
        content: { 'application/json': PersonalData },
      },
    },
    errors: [],
    handle: sendExport,
  },
])
