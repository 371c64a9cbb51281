import type { ErrorCode } from '@kinora/common/errors'
import { IDENTITY_TEXTS } from './identity-texts.ts'
import { REQUEST_TEXTS } from './request-texts.ts'
import { VIDEO_TEXTS } from './video-texts.ts'

/** Why a request is answered with a code, and what to do about it. Text in backquotes is code. */
export type ProblemText = readonly [cause: string, remedy: string]
export type Texts = Partial<Record<ErrorCode, ProblemText>>

/** Every code has a text: one without does not compile. */
export const TEXTS: Record<ErrorCode, ProblemText> = { ...REQUEST_TEXTS, ...IDENTITY_TEXTS, ...VIDEO_TEXTS }
