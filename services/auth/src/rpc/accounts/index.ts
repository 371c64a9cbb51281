import type { Context } from '../../context.ts'
import { getMe } from './get-me.ts'
import { login } from './login.ts'
import { register } from './register.ts'
import { updateMe } from './update-me.ts'

export const accounts = (ctx: Context) => ({
  register: register(ctx),
  login: login(ctx),
  getMe: getMe(ctx),
  updateMe: updateMe(ctx),
})
