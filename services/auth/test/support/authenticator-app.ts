import { auth as methods } from '@kinora/common/contracts'
import { generateSync } from 'otplib'
import { type Account, type Gateway, PASSWORD } from './gateway.ts'

/** A clock that advances only when a test moves it, so that a code is valid for the whole test. */
export function createClock() {
  let time = Date.now()
  return {
    now: () => new Date(time),
    pass(seconds: number) {
      time += seconds * 1000
    },
  }
}
export type Clock = ReturnType<typeof createClock>

export interface AppUser extends Account {
  secret: string
  recoveryCodes: string[]
  /** The next code, half a minute later. */
  nextCode(): string
  /** Signs in with the password and returns the challenge's token. */
  challenge(): Promise<string>
}

export function codeAt(secret: string, at: Date): string {
  return generateSync({ secret, epoch: Math.floor(at.getTime() / 1000) })
}

/** A code that is wrong for this time step and the ones next to it. */
export function wrongCode(secret: string, at: Date): string {
  const near = [-30, 0, 30].map((seconds) => codeAt(secret, new Date(at.getTime() + seconds * 1000)))
  return ['000000', '111111', '222222', '333333'].find((code) => !near.includes(code)) ?? ''
}

/** Creates an account with an authenticator app. */
export async function signUpWithApp(gateway: Gateway, clock: Clock): Promise<AppUser> {
  const account = await gateway.signUp()
  const { secret } = await gateway.call(methods.setUpTotp, {}, account.actor)
  const code = codeAt(secret, clock.now())
  const { recoveryCodes } = await gateway.call(methods.enableTotp, { code }, account.actor)
  return {
    ...account,
    secret,
    recoveryCodes,
    nextCode() {
      clock.pass(30)
      return codeAt(secret, clock.now())
    },
    async challenge() {
      const answer = await gateway.call(methods.login, { email: account.email, password: PASSWORD })
      if (!('mfaRequired' in answer)) throw new Error('no second factor was asked for')
      return answer.mfaToken
    },
  }
}
