import type { ErrorCode } from '@kinora/common/errors'

/** Why a request is answered with a code, and what to do about it. Text in backquotes is code. */
export type ProblemText = readonly [cause: string, remedy: string]
export type Texts = Partial<Record<ErrorCode, ProblemText>>
