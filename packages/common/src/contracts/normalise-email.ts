/**
 * The form in which addresses are stored, compared and counted. RFC 5321 lets a host tell `Ann@` from `ann@`; none does,
 * and people type either. Whoever counts sign-ins by account must use it too, or each spelling is an account of its own.
 */
export function normaliseEmail(email: string): string {
  return email.trim().normalize('NFKC').toLowerCase()
}
