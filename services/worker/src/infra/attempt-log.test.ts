import { describe, expect, it } from 'vitest'
import { AttemptLog, withoutHost } from './attempt-log.ts'

const END = { exitCode: 1, killedBy: null, timedOut: false }

describe('the log of an attempt', () => {
  it('has each command, what it printed and how it ended', () => {
    const log = new AttemptLog()
    expect(log.text()).toBeUndefined()
    log.begin('/opt/ffmpeg/bin/ffmpeg', ['-i', 'file:source'])
    log.add('moov atom not found')
    log.end(END)
    log.begin('ffprobe', [])
    log.end({ ...END, exitCode: null, killedBy: 'SIGSEGV' })
    expect(log.text()).toBe(
      '$ ffmpeg -i file:source\nmoov atom not found\nended with 1\n$ ffprobe\nkilled by SIGSEGV\n',
    )
  })

  it('keeps whole lines of the last 64 KiB', () => {
    const log = new AttemptLog()
    for (let line = 0; line < 20_000; line += 1) log.add(`é ${line}\n`)
    const text = log.text() ?? ''
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(64 * 1024)
    expect(Buffer.byteLength(text)).toBeGreaterThan(63 * 1024)
    expect(text).toMatch(/^é \d+\n/)
    expect(text).toMatch(/\né 19999\n$/)
  })
})

describe('what tells of the machine', () => {
  it.each([
    ['/var/tmp/kinora/host@1-2-x/source: Invalid data', '[path]: Invalid data'],
    ["Cannot open '/tmp/a.mp4'", "Cannot open '[path]'"],
    ['[mov,mp4 @ 0x55d0c8a3b2c0] moov atom not found', '[mov,mp4] moov atom not found'],
    ['\u001b[2Jred\r\n\0', '[2Jred\n'],
  ])('%j becomes %j', (printed, clean) => {
    expect(withoutHost(printed)).toBe(clean)
  })

  it.each([
    '-i file:source -map [rung0] 240p/list.m3u8',
    'fps=fps=30000/1001:start_time=0.000000000,setpts=PTS-round((0.000000)/TB)',
  ])('%j stays as it is', (words) => {
    expect(withoutHost(words)).toBe(words)
  })
})
