import { describe, expect, it } from 'vitest'
import type { ToolEnd } from '../infra/run-tool.ts'
import { asTaskFailure } from './task-failure.ts'

const end = (given: Partial<ToolEnd>): ToolEnd => ({
  exitCode: 1,
  killedBy: null,
  timedOut: false,
  overOutput: false,
  stderr: '',
  ...given,
})

describe('the cause of a bad end of ffmpeg', () => {
  it.each<[string, Partial<ToolEnd>, string, string]>([
    ['the time limit', { timedOut: true, killedBy: 'SIGKILL' }, 'host', 'TIMED_OUT'],
    ['the kernel, out of memory', { exitCode: null, killedBy: 'SIGKILL' }, 'memory', 'OUT_OF_MEMORY'],
    ['the memory limit', { stderr: 'x264 [error]: malloc of size 1500068 failed' }, 'memory', 'OUT_OF_MEMORY'],
    [
      'a huge frame',
      { stderr: 'Picture size 14000x14000 exceeds specified max pixel count' },
      'input',
      'SOURCE_OVER_LIMIT',
    ],
    ['a list of files', { stderr: "[concat] Format not on whitelist 'mov'" }, 'input', 'SOURCE_UNSUPPORTED'],
    ['damage', { stderr: 'moov atom not found' }, 'input', 'SOURCE_CORRUPT'],
    ['a full disk', { stderr: 'No space left on device' }, 'host', 'TRANSCODE_FAILED'],
    [
      'a crash on odd input',
      { exitCode: null, killedBy: 'SIGSEGV', stderr: 'Invalid data found when processing input' },
      'host',
      'TRANSCODE_FAILED',
    ],
  ])('%s', (_, given, kind, code) => {
    expect(asTaskFailure(end(given)).taskCause).toMatchObject({ class: kind, code })
  })

  it('is the fault of the file when a tool that only reads fails without a message', () => {
    expect(asTaskFailure(end({ stderr: '' })).taskCause).toMatchObject({ class: 'host', code: 'TRANSCODE_FAILED' })
    const failure = asTaskFailure(end({ stderr: '' }), { onlyReads: true })
    expect(failure.taskCause).toMatchObject({ class: 'input', code: 'SOURCE_CORRUPT' })
    for (const trouble of [{ stderr: 'file:source: Input/output error' }, { stderr: '', exitCode: 127 }]) {
      expect(asTaskFailure(end(trouble), { onlyReads: true }).taskCause.class).toBe('host')
    }
  })

  it('does not contain what ffmpeg printed, which may quote the file', () => {
    const { taskCause } = asTaskFailure(end({ stderr: '/srv/jobs/secret: Invalid data found when processing input' }))
    expect(taskCause.detail).not.toContain('secret')
  })
})
