import { runCli } from '@kinora/cli'
import { operatorUrl } from './operator-url.ts'

/** `npm run kinora -- …`: the operator's command line, for the system of AMQP_URL or the one that runs from this checkout. */
const { AMQP_URL = operatorUrl(), ...env } = process.env
process.exitCode = await runCli(process.argv.slice(2), AMQP_URL === undefined ? env : { ...env, AMQP_URL })
