import { bringUp } from './bring-up.ts'
import { runCommand } from './run-command.ts'

/** `npm start`: the whole system on this machine, until Ctrl-C. */
await runCommand(async (life, console) => {
  await bringUp(life, console)
})
