import { execFile } from 'node:child_process'
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { findSpeechModel } from '@kinora/dev/harness'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { workerConfig } from '../src/config.ts'
import { openEngine } from '../src/operations/transcription/open-engine.ts'
import { openWorkbench } from './support/workbench.ts'

const workbench = await openWorkbench()
const settings = { AMQP_URL: 'amqp://unused', STORAGE_URL: 'file:///unused' }
const engineOf = (given: Record<string, string>) => openEngine(workerConfig.parse({ ...settings, ...given }))

const work = {
  kind: 'transcribe',
  track: '1',
  audioKey: 'videos/test/audio.m3u8',
  language: 'en-GB',
  from: 0,
  seconds: 60,
} as const

type Change = { from?: number; seconds?: number; language?: string | null }

async function transcribe(given: Record<string, string>, change: Change = {}) {
  const outputKey = `videos/test/${Math.random()}`
  const result = await workbench.run({ ...work, ...change }, { outputKey, engine: await engineOf(given) })
  const file = result.cues > 0 ? (await workbench.store.get(`${outputKey}/transcript.vtt`)).toString() : ''
  return { ...result, file }
}

/** Two sentences of a synthetic voice, with silence behind each, as published audio: 4.6 and 2 s of silence after 8.6 s. */
beforeAll(async () => {
  const folder = join(workbench.folder, 'audio')
  await mkdir(folder)
  const [first, second] = ['go forward', 'good morning everybody'].map((words) => `flite=text='${words}':voice=rms`)
  const voice = (words: string | undefined, length: number) => `${words},aresample=48000,apad=whole_dur=${length}`
  const speech = `${voice(first, 6)}[one];${voice(second, 5)}[two];[one][two]concat=n=2:v=0:a=1`
  const segments = ['-f', 'hls', '-hls_segment_type', 'fmp4', '-hls_time', '2', '-hls_playlist_type', 'vod']
  const args = ['-nostdin', '-v', 'error', '-f', 'lavfi', '-i', speech, '-ac', '2', '-c:a', 'aac', ...segments]
  await promisify(execFile)('ffmpeg', [...args, 'audio.m3u8'], { cwd: folder })
  for (const name of await readdir(folder)) {
    await workbench.store.put(`videos/test/${name}`, await readFile(join(folder, name)))
  }
})

async function program(name: string, lines: string[]): Promise<string> {
  const path = join(workbench.folder, name)
  await writeFile(path, ['#!/usr/bin/perl', 'my ($audio, $output, $language) = @ARGV;', ...lines].join('\n'))
  await chmod(path, 0o755)
  return `${path} {audio} {output} {language}`
}

const write = (ending: string, content: string) => {
  return `open my $f, ">", "$output.${ending}"; print $f ${content}; close $f;`
}

describe('a program', () => {
  it('gets a piece of plain audio and a language, and nothing else of this machine', async () => {
    const command = await program('whisper.pl', [
      'open my $in, "<", $audio; binmode $in; my $wav = do { local $/; <$in> };',
      'my ($channels, $rate) = unpack("x22 v V", $wav); my $seconds = int((length($wav) - 44) / 3200) / 10;',
      'my $seen = join ",", grep { -e } "/etc/passwd", "/root", "/proc/1", "/models/of";',
      'my $variables = join ",", sort keys %ENV; my $forked = `echo yes`; chomp $forked;',
      write(
        'json',
        `qq({"result":{"language":"en"},"transcription":[{"offsets":{"from":500,"to":1500},
"text":" $channels $rate $seconds $language <$variables> $forked [$seen] "},{"offsets":{"from":700,"to":700},"text":"none"},
{"offsets":{"from":4000,"to":99000},"text":"late"}]})`.replaceAll('\n', ''),
      ),
    ])
    const whole = await transcribe({ TRANSCRIBE_COMMAND: command })
    expect(whole).toMatchObject({ ended: true, cues: 2, language: 'en' })
    expect(whole.to).toBeCloseTo(11, 1)
    expect(whole.file).toMatch(
      /00:00:00\.500 --> 00:00:01\.500\n1 16000 1[01](\.\d)? en &lt;MALLOC_ARENA_MAX,PATH(,PWD)?&gt; yes \[\]\n/,
    )
    expect(whole.file).toMatch(/00:00:04\.000 --> 00:00:1[01]\.\d{3}\nlate/)

    // A piece ends in the silence between the sentences, and the next one begins there.
    const first = await transcribe({ TRANSCRIBE_COMMAND: command }, { seconds: 7, language: null })
    expect([first.ended, first.cues]).toEqual([false, 2])
    expect(first.to).toBeGreaterThan(3.5)
    expect(first.to).toBeLessThan(6.5)
    expect(first.file).toContain(' auto ')
    const second = await transcribe({ TRANSCRIBE_COMMAND: command }, { from: first.to, seconds: 7 })
    expect(second).toMatchObject({ ended: true, cues: 2 })
    expect(second.to).toBeCloseTo(whole.to, 1)
    expect(second.file).toContain(`00:00:0${(first.to + 0.5).toFixed(3)} --> `)
  })

  it.each([
    ['writes nothing', [], { code: 'TRANSCRIPTION_FAILED', detail: expect.stringContaining('no result') }],
    ['fails', ['exit 3;'], { code: 'TRANSCRIPTION_FAILED', detail: expect.stringContaining('ended with 3') }],
    ['writes other JSON', [write('json', '"[1]"')], { detail: expect.stringContaining('neither of whisper.cpp') }],
    [
      'writes invalid captions',
      [write('vtt', '"WEBVTT\\n\\n00:01.000 --> 00:02.000\\n<script>\\n"')],
      { detail: expect.stringContaining('Line 4: only WebVTT tags') },
    ],
    ['links its result', ['symlink("/usr/bin/perl", "$output.srt");'], { code: 'VERIFICATION_FAILED' }],
    ['takes too long', ['sleep 60;'], { code: 'TIMED_OUT', class: 'host' }],
  ])('that %s has failed', async (name, lines, taskCause) => {
    const command = await program(`${name.replaceAll(' ', '-')}.pl`, lines)
    const seconds = lines.some((line) => line.startsWith('sleep')) ? '1' : '60'
    const run = transcribe({ TRANSCRIBE_COMMAND: command, TRANSCRIBE_TIMEOUT_SECONDS: seconds })
    await expect(run).rejects.toMatchObject({ taskCause })
  })

  it('that hears nothing has made no captions', async () => {
    const command = await program('silent.pl', [write('vtt', '"WEBVTT\\n"')])
    expect(await transcribe({ TRANSCRIBE_COMMAND: command })).toMatchObject({ ended: true, cues: 0 })
  })
})

describe('a server', () => {
  let answer: (request: IncomingMessage, body: string, response: ServerResponse) => void
  const server = createServer(async (request, response) => answer(request, await text(request), response))
  beforeAll(() => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)))
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  const ask = (given: Record<string, string> = {}, change: Change = {}) => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/audio/transcriptions`
    return transcribe({ TRANSCRIBE_URL: url, TRANSCRIBE_API_KEY: 'secret', ...given }, change)
  }

  it('gets the request of the API, and its segments become captions', async () => {
    let seen = ''
    answer = ({ method, url, headers }, body, response) => {
      seen = [method, url, headers.authorization, body.replace(/\r\n/g, '\n')].join('\n')
      const segments = [{ start: 0.25, end: 2.5, text: ' Go & <forward>' }]
      response.end(JSON.stringify({ task: 'transcribe', language: 'portuguese', duration: 11, text: '', segments }))
    }
    const { file, language } = await ask({ TRANSCRIBE_MODEL: 'small' })
    expect([language, file]).toEqual(['pt', 'WEBVTT\n\n00:00:00.250 --> 00:00:02.500\nGo &amp; &lt;forward&gt;\n'])
    expect(seen).toMatch(/^POST\n\/v1\/audio\/transcriptions\nBearer secret\n/)
    expect(seen).toMatch(/name="file"; filename="speech\.wav"\nContent-Type: audio\/wav\n\nRIFF/)
    expect(seen).toMatch(
      /name="model"\n\nsmall\n[\s\S]*name="response_format"\n\nverbose_json\n[\s\S]*name="language"\n\nen\n/,
    )

    answer = (_request, body, response) => response.end(body.includes('name="language"') ? '' : 'WEBVTT\n\n')
    expect(await ask({ TRANSCRIBE_FORMAT: 'vtt' }, { language: null })).toMatchObject({ cues: 0, language: null })
  })

  it.each<[string, typeof answer, object]>([
    ['refuses', (_request, _body, response) => response.writeHead(401).end(), { code: 'TRANSCRIPTION_FAILED' }],
    [
      'leads elsewhere',
      (_request, _body, response) => response.writeHead(307, { location: '/else' }).end(),
      { detail: expect.stringContaining('307') },
    ],
    ['breaks off', ({ socket }) => socket.destroy(), { detail: expect.stringContaining('does not answer') }],
    [
      'answers too much',
      (_request, _body, response) => response.end('x'.repeat(9 * 1024 * 1024)),
      { detail: expect.stringContaining('too much') },
    ],
    ['answers nothing', () => {}, { code: 'TIMED_OUT' }],
  ])('that %s has failed', async (_, how, taskCause) => {
    answer = how
    await expect(ask({ TRANSCRIBE_TIMEOUT_SECONDS: '2' })).rejects.toMatchObject({ taskCause })
  })
})

it('pocketsphinx hears what a synthetic voice says', async () => {
  const model = await findSpeechModel((line) => void process.stderr.write(`${line}\n`))
  const asr = `asr=rate=16000:hmm=${model}/en-us:dict=${model}/cmudict-en-us.dict:lm=${model}/en-us.lm.bin`
  const command = await program('pocketsphinx.pl', [
    `my @words = ("ffmpeg", "-nostdin", "-v", "error", "-i", $audio, "-af",
"${asr},ametadata=mode=print:key=lavfi.asr.text:file=-", "-f", "null", "-");`,
    'open my $heard, "-|", @words or die "no ffmpeg: $!"; my ($from, $to, $vtt) = (0, 0, "WEBVTT\\n");',
    'sub at { my $s = shift; sprintf "%02d:%02d:%06.3f", $s / 3600, ($s / 60) % 60, $s - 60 * int($s / 60) }',
    'while (<$heard>) { $to = $1 if /pts_time:([\\d.]+)/; next unless /^lavfi.asr.text=(.*)/;',
    '$vtt .= "\\n" . at($from) . " --> " . at($to) . "\\n$1\\n"; $from = $to; }',
    'close $heard or die "ffmpeg failed"; ',
    write('vtt', '$vtt'),
  ])
  const { file, cues, to } = await transcribe({ TRANSCRIBE_COMMAND: command, TRANSCRIBE_FOLDERS: model })
  expect(cues).toBeGreaterThanOrEqual(2)
  expect(file).toContain('forward')
  // Of the second sentence, whose voice begins after six seconds.
  expect(file).toMatch(/--> 00:00:(0[7-9]|1\d)\.\d{3}\ngood morning/)
  expect(to).toBeCloseTo(11, 1)
})

it('settings with two engines, or none that can run, stop the start', async () => {
  const url = 'http://127.0.0.1:1/'
  await expect(engineOf({ TRANSCRIBE_COMMAND: 'a {audio}', TRANSCRIBE_URL: url })).rejects.toThrow('not both')
  await expect(engineOf({ TRANSCRIBE_COMMAND: 'whisper-cli -f' })).rejects.toThrow('{audio} is missing')
  const folders = { TRANSCRIBE_COMMAND: 'whisper-cli {audio}', TRANSCRIBE_FOLDERS: 'models' }
  await expect(engineOf(folders)).rejects.toThrow('absolute paths')
  expect(await engineOf({})).toBeUndefined()
})
