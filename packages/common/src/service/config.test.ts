import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig, serviceConfig } from './config.ts'

const AMQP_URL = 'amqp://auth:hidden@localhost/kinora'

describe('the configuration', () => {
  it('names every bad variable at once and shows no value', () => {
    const env = { AMQP_URL: 'http://hidden', LOG_LEVEL: 'loud', INTERNAL_PORT: '99999' }
    expect(() => loadConfig(serviceConfig, env)).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(/AMQP_URL[\s\S]*INTERNAL_PORT|INTERNAL_PORT[\s\S]*AMQP_URL/),
      }),
    )
    expect(() => loadConfig(serviceConfig, env)).not.toThrow(/hidden|99999/)
  })

  it('takes an empty variable for a missing one', () => {
    expect(loadConfig(serviceConfig, { AMQP_URL, LOG_LEVEL: '' }).LOG_LEVEL).toBe('info')
  })

  it('reads a secret from the file that NAME_FILE names, without its last line break', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kinora-config-'))
    const file = join(folder, 'amqp')
    await writeFile(file, `${AMQP_URL}\n`)
    expect(loadConfig(serviceConfig, { AMQP_URL_FILE: file }).AMQP_URL).toBe(AMQP_URL)
    await rm(folder, { recursive: true })
    expect(() => loadConfig(serviceConfig, { AMQP_URL, AMQP_URL_FILE: file })).toThrow('AMQP_URL_FILE: cannot be read')
  })
})
