/** How somebody proved who they are, in the words of RFC 8176. */
export const AMR = {
  password: ['pwd'],
  passwordAndCode: ['pwd', 'otp', 'mfa'],
} as const satisfies Record<string, readonly string[]>
export type Amr = (typeof AMR)[keyof typeof AMR]
