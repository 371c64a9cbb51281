/**
 * Who may use each operation of the API:
 * - `anyone`: no token is asked for; what protects it, if anything, stands in the body or the path
 * - `user`: somebody signed in, about their own account
 * - `owner`: whose thing it is; to everybody else it does not exist
 * - `viewer`: whoever may see the video; a private one does not exist for others
 * - `support`: somebody signed in whose role is support or admin
 * - `admin`: somebody signed in whose role is admin
 */
export type Access = 'anyone' | 'user' | 'owner' | 'viewer' | 'support' | 'admin'

export type Rule = {
  access: Access
  /** A body that is good, so that the refusal is about who asks. */
  json?: object
  /** A body that is not JSON. */
  body?: { type: string; bytes: string }
  headers?: Record<string, string>
}

const TUS = { 'tus-resumable': '1.0.0' }

/** Every operation of `docs/openapi.json` stands here; `matrix.test.ts` sees to it. */
export const MATRIX: Record<string, Rule> = {
  'POST /v1/auth/register': { access: 'anyone' },
  'POST /v1/auth/login': { access: 'anyone' },
  'POST /v1/auth/refresh': { access: 'anyone' },
  'POST /v1/auth/logout': { access: 'user' },
  'POST /v1/auth/logout-all': { access: 'user' },
  'POST /v1/auth/password': { access: 'user' },
  'POST /v1/auth/password/forgot': { access: 'anyone' },
  'POST /v1/auth/password/reset': { access: 'anyone' },
  'POST /v1/auth/email/verify': { access: 'anyone' },
  'POST /v1/auth/email/resend': { access: 'anyone' },
  'GET /v1/auth/me': { access: 'user' },
  'PATCH /v1/auth/me': { access: 'user' },
  'DELETE /v1/auth/me': { access: 'user', json: { password: 'not the one' } },
  'GET /v1/auth/me/export': { access: 'user' },
  'GET /v1/auth/sessions': { access: 'user' },
  'DELETE /v1/auth/sessions/{sessionId}': { access: 'owner' },
  'POST /v1/auth/mfa': { access: 'anyone' },
  'POST /v1/auth/totp/setup': { access: 'user' },
  'POST /v1/auth/totp/enable': { access: 'user' },
  'POST /v1/auth/totp/recovery-codes': { access: 'user' },
  'DELETE /v1/auth/totp': { access: 'user' },
  'POST /v1/auth/mfa/passkey/options': { access: 'anyone' },
  'POST /v1/auth/passkeys/login/options': { access: 'anyone' },
  'POST /v1/auth/passkeys/login': { access: 'anyone' },
  'POST /v1/auth/passkeys/options': { access: 'user' },
  'POST /v1/auth/passkeys': { access: 'user' },
  'GET /v1/auth/passkeys': { access: 'user' },
  'DELETE /v1/auth/passkeys/{passkeyId}': { access: 'user' },
  'GET /v1/auth/audit': { access: 'user' },

  'GET /v1/admin/users': { access: 'support' },
  'GET /v1/admin/users/{userId}': { access: 'support' },
  'PATCH /v1/admin/users/{userId}': { access: 'admin', json: { role: 'admin' } },
  'DELETE /v1/admin/users/{userId}': { access: 'admin' },
  'GET /v1/admin/users/{userId}/sessions': { access: 'admin' },
  'DELETE /v1/admin/users/{userId}/sessions': { access: 'admin' },
  'DELETE /v1/admin/users/{userId}/second-factor': { access: 'admin' },
  'DELETE /v1/admin/users/{userId}/sessions/{sessionId}': { access: 'admin' },
  'GET /v1/admin/audit': { access: 'admin' },
  'GET /v1/api-keys': { access: 'user' },
  'POST /v1/api-keys': { access: 'user' },
  'DELETE /v1/api-keys/{keyId}': { access: 'owner' },
  'POST /v1/admin/service-accounts': { access: 'admin' },
  'GET /v1/admin/service-accounts': { access: 'admin' },
  'POST /v1/admin/service-accounts/{userId}/api-keys': { access: 'admin' },
  'GET /v1/admin/service-accounts/{userId}/api-keys': { access: 'admin' },
  'DELETE /v1/admin/service-accounts/{userId}/api-keys/{keyId}': { access: 'admin' },
  'GET /v1/admin/users/{userId}/usage': { access: 'support' },
  'PATCH /v1/admin/users/{userId}/limits': { access: 'admin', json: { storedBytes: 1 } },
  'POST /v1/admin/invites': { access: 'admin', json: { email: 'invited@kinora.test' } },
  'GET /v1/admin/invites': { access: 'admin' },
  'DELETE /v1/admin/invites/{inviteId}': { access: 'admin' },
  'GET /v1/admin/tasks': { access: 'admin' },
  'GET /v1/admin/parked': { access: 'admin' },
  'GET /v1/admin/parked/{parkedId}': { access: 'admin' },
  'DELETE /v1/admin/parked/{parkedId}': { access: 'admin' },
  'POST /v1/admin/parked/{parkedId}/redrive': { access: 'admin' },

  'POST /v1/projects': { access: 'user' },
  'GET /v1/projects': { access: 'user' },
  'GET /v1/projects/{projectId}': { access: 'owner' },
  'PATCH /v1/projects/{projectId}': { access: 'owner', json: { name: 'Mine now' } },
  'DELETE /v1/projects/{projectId}': { access: 'owner', json: { password: 'not the one' } },
  'POST /v1/projects/{projectId}/owner': {
    access: 'owner',
    json: { userId: '01890a5d-ac96-774b-bcce-b302099a8057', password: 'not the one' },
  },
  'GET /v1/projects/{projectId}/members': { access: 'owner' },
  'PATCH /v1/projects/{projectId}/members/{userId}': { access: 'owner', json: { role: 'viewer' } },
  'DELETE /v1/projects/{projectId}/members/{userId}': { access: 'owner' },
  'POST /v1/projects/{projectId}/invitations': {
    access: 'owner',
    json: { email: 'invited@kinora.test', role: 'viewer' },
  },
  'GET /v1/projects/{projectId}/invitations': { access: 'owner' },
  'DELETE /v1/projects/{projectId}/invitations/{invitationId}': { access: 'owner' },
  'POST /v1/project-invitations/accept': { access: 'user' },
  'GET /v1/admin/videos': { access: 'support' },
  'GET /v1/admin/videos/{videoId}': { access: 'support' },
  'GET /v1/admin/videos/{videoId}/webhook-deliveries': { access: 'support' },
  'POST /v1/admin/videos/{videoId}/retry': { access: 'support' },
  'GET /v1/admin/projects/{projectId}/usage': { access: 'support' },
  'PATCH /v1/admin/projects/{projectId}/limits': { access: 'admin', json: { storedBytes: 1 } },

  'POST /v1/videos': { access: 'user' },
  'GET /v1/videos': { access: 'user' },
  'GET /v1/videos/{videoId}': { access: 'viewer' },
  'PATCH /v1/videos/{videoId}': { access: 'owner', json: { title: 'Mine now' } },
  'DELETE /v1/videos/{videoId}': { access: 'owner' },
  'PATCH /v1/videos/{videoId}/audio/{trackId}': { access: 'owner', json: { name: 'Mine now' } },
  'PUT /v1/videos/{videoId}/audio/{trackId}': { access: 'owner', body: { type: 'audio/mpeg', bytes: 'not mine' } },
  'DELETE /v1/videos/{videoId}/audio/{trackId}': { access: 'owner' },
  'PUT /v1/videos/{videoId}/source': { access: 'owner', body: { type: 'video/mp4', bytes: 'not mine' } },
  'GET /v1/videos/{videoId}/source': { access: 'owner' },
  'POST /v1/uploads': { access: 'user', headers: TUS },
  'HEAD /v1/uploads/{uploadId}': { access: 'owner', headers: TUS },
  'PATCH /v1/uploads/{uploadId}': {
    access: 'owner',
    headers: { ...TUS, 'upload-offset': '0' },
    body: { type: 'application/offset+octet-stream', bytes: 'not mine' },
  },
  'DELETE /v1/uploads/{uploadId}': { access: 'owner', headers: TUS },
  'POST /v1/upload-links': { access: 'user' },
  'GET /v1/upload-links': { access: 'user' },
  'GET /v1/upload-links/{linkId}': { access: 'owner' },
  'DELETE /v1/upload-links/{linkId}': { access: 'owner' },
  'GET /u/{token}': { access: 'anyone' },
  'PUT /u/{token}': { access: 'anyone' },
  'GET /u/{token}/videos/{videoId}': { access: 'anyone' },
  'POST /u/{token}/tus': { access: 'anyone' },
  'HEAD /u/{token}/tus/{uploadId}': { access: 'anyone' },
  'PATCH /u/{token}/tus/{uploadId}': { access: 'anyone' },
  'DELETE /u/{token}/tus/{uploadId}': { access: 'anyone' },
  'GET /v1/usage': { access: 'user' },
  'POST /v1/videos/{videoId}/retry': { access: 'owner' },
  'POST /v1/videos/{videoId}/poster': { access: 'owner', json: { time: 1 } },
  'PUT /v1/videos/{videoId}/captions/{lang}': { access: 'owner', body: { type: 'text/vtt', bytes: 'WEBVTT' } },
  'DELETE /v1/videos/{videoId}/captions/{lang}': { access: 'owner' },
  'GET /v1/videos/{videoId}/captions': { access: 'viewer' },
  'PUT /v1/videos/{videoId}/chapters': { access: 'owner', json: { chapters: [{ start: 0, title: 'Mine' }] } },
  'DELETE /v1/videos/{videoId}/chapters': { access: 'owner' },
  'GET /v1/videos/{videoId}/chapters': { access: 'viewer' },
  'PUT /v1/videos/{videoId}/watermark': { access: 'owner', body: { type: 'image/png', bytes: 'not mine' } },
  'GET /v1/videos/{videoId}/watermark': { access: 'owner' },
  'DELETE /v1/videos/{videoId}/watermark': { access: 'owner' },
  'POST /v1/videos/{videoId}/clips': { access: 'owner', json: { start: 0, end: 1 } },
  'GET /v1/videos/{videoId}/events': { access: 'viewer' },
  'POST /v1/videos/{videoId}/events-token': { access: 'viewer' },
  'GET /v1/videos/{videoId}/events/{token}': { access: 'anyone' },
  'GET /v1/videos/{videoId}/timeline': { access: 'owner' },
  'GET /v1/videos/{videoId}/passport': { access: 'owner' },
  'GET /v1/videos/{videoId}/tasks/{taskId}/log': { access: 'owner' },
  'POST /v1/videos/{videoId}/revoke-delivery': { access: 'owner' },
  'POST /v1/videos/{videoId}/playback-tokens': { access: 'owner', json: {} },
  'DELETE /v1/videos/{videoId}/playback-tokens/{tokenId}': { access: 'owner' },
  'POST /v1/playback-keys': { access: 'user' },
  'GET /v1/playback-keys': { access: 'user' },
  'DELETE /v1/playback-keys/{playbackKeyId}': { access: 'owner' },

  'GET /v1/webhooks': { access: 'user' },
  'POST /v1/webhooks': { access: 'user' },
  'PATCH /v1/webhooks/{webhookId}': { access: 'owner', json: { enabled: false } },
  'DELETE /v1/webhooks/{webhookId}': { access: 'owner' },
  'POST /v1/webhooks/{webhookId}/rotate-secret': { access: 'owner' },
  'POST /v1/webhooks/{webhookId}/test': { access: 'owner' },
  'GET /v1/webhooks/{webhookId}/deliveries': { access: 'owner' },
  'POST /v1/webhooks/{webhookId}/deliveries/{deliveryId}/redeliver': { access: 'owner' },

  'GET /play/{reference}/master.m3u8': { access: 'anyone' },
  'GET /play/{reference}/poster.{format}': { access: 'anyone' },
  'GET /play/{reference}/storyboard.vtt': { access: 'anyone' },
  'GET /play/{reference}/thumbnail.{format}': { access: 'anyone' },
  'GET /play/{reference}/preview.{format}': { access: 'anyone' },
  'GET /play/{reference}/captions/{lang}.vtt': { access: 'anyone' },
  'GET /play/{reference}/chapters.vtt': { access: 'anyone' },
  'GET /play/{reference}/waveform.png': { access: 'anyone' },
  'GET /play/{reference}/download/{height}.mp4': { access: 'anyone' },
  'GET /play/{reference}/download/audio.m4a': { access: 'anyone' },
  'GET /play/{reference}/frame.{format}': { access: 'anyone' },
  'GET /play/{reference}/source': { access: 'anyone' },
  'GET /play/{reference}/{file}': { access: 'anyone' },
  'GET /oembed': { access: 'anyone' },
  'GET /v/{videoId}/{address}/{file}': { access: 'anyone' },
  'GET /v-check/{videoId}/{address}/{rendition}': { access: 'anyone' },

  'GET /.well-known/jwks.json': { access: 'anyone' },
  'GET /livez': { access: 'anyone' },
  'GET /readyz': { access: 'anyone' },
}

/** The operations of these kinds. */
export function operations(...kinds: Access[]): (Rule & { method: string; path: string })[] {
  return Object.entries(MATRIX)
    .filter(([, { access }]) => kinds.includes(access))
    .map(([operation, rule]) => {
      const [method = '', path = ''] = operation.split(' ')
      return { method, path, ...rule }
    })
}
