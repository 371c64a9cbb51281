/**
 * The form in which addresses are stored and compared. RFC 5321 lets a host tell `Ann@` from `ann@`; none does, and
 * people type either.
 */
export function normaliseEmail(email: string): string {
  return email.trim().normalize('NFKC').toLowerCase()
}
