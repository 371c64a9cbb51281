import type { ErrorCode } from '@kinora/common/errors'
import { IDENTITY_TEXTS } from './identity-texts.ts'
import type { ProblemText } from './problem-text.ts'
import { REQUEST_TEXTS } from './request-texts.ts'
import { VIDEO_TEXTS } from './video-texts.ts'

/** Every code has a text: one without does not compile. */
export const TEXTS: Record<ErrorCode, ProblemText> = { ...REQUEST_TEXTS, ...IDENTITY_TEXTS, ...VIDEO_TEXTS }
