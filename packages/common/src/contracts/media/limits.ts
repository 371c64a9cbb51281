import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id } from '../shared.ts'
import { InProject } from './video.ts'

const Amount = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER).nullable()

/** What a project may have and do; null where there is no limit. */
export const Limits = z.object({
  storedBytes: Amount.meta({
    description:
      'Bytes of all that is stored: sources, also while they are uploaded, captions, chapters, watermarks; null: no limit.',
    example: 107374182400,
  }),
  uploadBytes: Amount.meta({ description: 'Bytes of one source; null: no limit.', example: 10737418240 }),
  minutes: Amount.meta({ description: 'Minutes of all videos together; null: no limit.', example: 6000 }),
  videoSeconds: Amount.meta({ description: 'Seconds of one video; null: no limit.', example: 14400 }),
  runningTasks: Amount.meta({
    description: 'Tasks of all videos that run at the same time; null: no limit.',
    example: 4,
  }),
})
export type Limits = z.infer<typeof Limits>

export const Usage = z.object({
  bytes: z.number().int().meta({
    description:
      'Bytes of sources, captions, chapters and watermarks; an upload counts with its whole length from its start.',
    example: 73400320,
  }),
  retiredBytes: z.number().int().meta({
    description: 'Bytes of replaced captions, which count against the limit until they are removed after 35 minutes.',
    example: 0,
  }),
  minutes: z.number().meta({ description: 'Minutes of all videos together.', example: 42.5 }),
  videos: z.number().int().meta({ description: 'Number of videos.', example: 12 }),
  uploads: z.number().int().meta({ description: 'Uploads that are not complete yet.', example: 1 }),
  runningTasks: z.number().int().meta({ description: 'Tasks that run now.', example: 2 }),
  limits: Limits.meta({ description: 'What the project may use.' }),
})
export type Usage = z.infer<typeof Usage>

const OneUser = z.strictObject({ userId: Id.meta({ description: 'Id of the account.' }) })
const OneProject = z.strictObject({ projectId: Id.meta({ description: 'Id of the project.' }) })

export const limits = {
  getUsage: {
    summary: 'Get usage and limits',
    description: 'What a project stores and runs, and how much it may.',
    input: z.strictObject({ projectId: InProject }),
    output: Usage,
    errors: ['PROJECT_NOT_FOUND'],
    idempotent: true,
  },
  getUserUsage: {
    summary: 'Get usage and limits of an account',
    description:
      'What the personal project of the account stores and runs, and how much it may; for administrators and the role support.',
    input: OneUser,
    output: Usage,
    errors: [],
    idempotent: true,
  },
  updateUserLimits: {
    summary: 'Update the limits of an account',
    description:
      'Sets limits of the personal project of the account that differ from those of the installation; null returns to those of the installation. For administrators.',
    input: OneUser.extend(Limits.partial().shape),
    output: Usage,
    errors: ['USER_NOT_FOUND'],
    idempotent: true,
  },
  getProjectUsage: {
    summary: 'Get usage and limits of a project',
    description: 'What the project stores and runs, and how much it may; for administrators and the role support.',
    input: OneProject,
    output: Usage,
    errors: [],
    idempotent: true,
    callers: ['gateway', 'operator'],
  },
  updateProjectLimits: {
    summary: 'Update the limits of a project',
    description:
      'Sets limits that differ from those of the installation; null returns to those of the installation. For administrators.',
    input: OneProject.extend(Limits.partial().shape),
    output: Usage,
    errors: ['PROJECT_NOT_FOUND'],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
