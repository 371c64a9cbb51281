import { bringUp, startArguments } from './bring-up.ts'
import { runCommand } from './run-command.ts'

/** `npm start [-- --change-backing=native|docker|environment]`: runs the whole system on this machine until Ctrl-C. */
await runCommand(async (life, console) => {
  const { change } = startArguments(process.argv.slice(2), 0)
  await bringUp(life, console, { change })
})
