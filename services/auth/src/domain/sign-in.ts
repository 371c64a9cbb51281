/** How somebody proved who they are, in the words of RFC 8176. */
export const AMR = {
  password: ['pwd'],
  passwordAndCode: ['pwd', 'otp', 'mfa'],
  // Without attestation nobody can say whether a key is in hardware.
  passwordAndPasskey: ['pwd', 'swk', 'user', 'mfa'],
  passkey: ['swk', 'user', 'mfa'],
} as const satisfies Record<string, readonly string[]>
export type Amr = (typeof AMR)[keyof typeof AMR]
