import { z } from 'zod'
import { NO_CONTROL } from '../shared.ts'

export const Title = z.string().trim().min(1).max(200).regex(NO_CONTROL)
