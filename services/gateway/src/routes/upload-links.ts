import { media } from '@kinora/common/contracts'
import { tagged } from './route.ts'

const one = '/v1/upload-links/:linkId'
const edit = { auth: 'required', project: 'edit', limit: 'general' } as const
const read = { ...edit, scope: 'videos:read' } as const
const write = { ...edit, scope: 'videos:write' } as const

export const uploadLinks = tagged('Upload links', [
  { method: 'post', path: '/v1/upload-links', rpc: media.createUploadLink, ...write, status: 201 },
  { method: 'get', path: '/v1/upload-links', rpc: media.listUploadLinks, ...read, status: 200 },
  { method: 'get', path: one, rpc: media.getUploadLink, ...read, status: 200 },
  { method: 'delete', path: one, rpc: media.revokeUploadLink, ...write, status: 204 },
])
