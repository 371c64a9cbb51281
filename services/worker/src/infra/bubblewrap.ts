import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { existsSync, lstatSync, readlinkSync, realpathSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { findExecutable } from '@kinora/common/find-executable'
import { SOURCE_FILE } from './allowed-input.ts'
import { endOfTool, startProcess } from './local-process.ts'
import { limitWords, NICE_WORDS, type Sandbox, type ToolCommand } from './sandbox.ts'
import { syscallFilter } from './syscall-filter.ts'

/** Folders of programs and libraries. Not all of /usr: people keep sources and data in it. */
const SYSTEM_FOLDERS = [
  '/usr/bin',
  '/usr/lib',
  '/usr/lib32',
  '/usr/lib64',
  '/usr/libexec',
  '/usr/local/bin',
  '/usr/local/lib',
]
/** Links to the folders above; real folders on older systems. */
const ROOT_FOLDERS = ['/bin', '/lib', '/lib32', '/lib64']
/** How the loader finds libraries. Debian's libblas is found through `alternatives`. */
const LOADER_FILES = ['/etc/ld.so.cache', '/etc/alternatives']
const DEVICES = ['/dev/null', '/dev/urandom']
const TMP_BYTES = 16 * 1024 * 1024

/** Path of the workspace inside the sandbox. */
const INSIDE = '/workspace'

/**
 * Runs each tool in its own namespaces (bubblewrap): it sees the system's programs and libraries, and its workspace, in which
 * the source is read-only; no other processes, no network, no /proc, no environment. A filter refuses system calls that a
 * decoder does not need, such as those for new processes and sockets. Undefined when this machine does not support it.
 * @param options `filtered`: whether system calls are filtered; `folders`: further ones that it sees, read-only
 */
export async function openBubblewrap({
  filtered = true,
  folders = [],
}: {
  filtered?: boolean
  folders?: readonly string[]
} = {}): Promise<Sandbox | undefined> {
  if (process.platform !== 'linux') return undefined
  const filter = filtered ? syscallFilter() : null
  for (const user of process.getuid?.() === 0 ? [asOtherUser, asOwnUser] : [asOwnUser]) {
    const sandbox = bubblewrap(user, filter, folders)
    if (await works(sandbox)) return sandbox
  }
  return undefined
}

async function works(sandbox: Sandbox): Promise<boolean> {
  const limits = { memoryBytes: 2 ** 28, cpuSeconds: 5, wallSeconds: 5 }
  const { ended, stdout, stderr } = sandbox.start({ program: 'true', args: [], cwd: '', limits, outputBytes: 0 })
  stdout.resume()
  stderr.resume()
  return await ended.then(({ exitCode }) => exitCode === 0).catch(() => false)
}

/** Options of bubblewrap that set the user of the tool, and the first words of the command inside. */
interface ToolUser {
  options: string[]
  words: string[]
}

/** The worker's own user in a user namespace, without any capability. */
function asOwnUser(): ToolUser {
  return { options: ['--unshare-user', '--disable-userns'], words: [] }
}

/** User ids below those of container runtimes (/etc/subuid) and above those of people. */
const [FIRST_UID, LAST_UID] = [0x1000_0000, 0x7000_0000]

/**
 * For a worker that runs as root: each run gets its own user id, because the kernel does not limit the threads of root. The
 * group remains the worker's, so that the tool can read the source.
 */
function asOtherUser(): ToolUser {
  const ids = ['--reuid', String(randomInt(FIRST_UID, LAST_UID)), '--regid', String(process.getgid?.() ?? 0)]
  return {
    options: ['--cap-add', 'CAP_SETUID', '--cap-add', 'CAP_SETGID'],
    words: ['setpriv', ...ids, '--clear-groups', '--inh-caps=-all', '--'],
  }
}

function bubblewrap(user: () => ToolUser, filter: Buffer | null, folders: readonly string[]): Sandbox {
  const root = [...rootOptions(), ...folders.filter((path) => !isOfSystem(`${path}/`)).flatMap(withParents)]
  const programs = new Map<string, Program>()

  function start(command: ToolCommand) {
    const { options, words } = user()
    const program = programs.get(command.program) ?? findProgram(command.program)
    programs.set(command.program, program)
    const box = [
      'bwrap',
      ...[
        '--unshare-ipc',
        '--unshare-pid',
        '--unshare-net',
        '--unshare-uts',
        '--unshare-cgroup-try',
        '--die-with-parent',
      ],
      ...['--cap-drop', 'ALL', ...options],
      ...root,
      ...program.options,
      ...workspaceOptions(command.cwd),
      ...['--remount-ro', '/'],
      ...(filter ? ['--seccomp', '3'] : []),
      '--',
    ]
    const inside = [...words, ...limitWords(command, { isAlone: true }), ...NICE_WORDS, program.path, ...command.args]
    const started = startProcess([...box, ...inside], '/', filter ?? undefined)
    return { ...started, ended: started.ended.then(endOfTool) }
  }

  return {
    kind: 'bubblewrap',
    description: 'each run of ffmpeg has its own namespaces',
    missing: filter ? [] : [`a filter of system calls for ${process.arch}`],
    start,
    check: async () => true,
    clean: async () => {},
  }
}

function rootOptions(): string[] {
  const folders = ROOT_FOLDERS.flatMap((path) => {
    if (!existsSync(path)) return []
    return lstatSync(path).isSymbolicLink() ? ['--symlink', readlinkSync(path), path] : readOnly(path)
  })
  return [
    ...[
      '--perms',
      '0755',
      '--dir',
      '/usr',
      '--perms',
      '0755',
      '--dir',
      '/usr/local',
      '--perms',
      '0755',
      '--dir',
      '/etc',
    ],
    ...['--perms', '0755', '--dir', '/dev'],
    ...SYSTEM_FOLDERS.filter((path) => existsSync(path)).flatMap(readOnly),
    ...folders,
    ...LOADER_FILES.filter((path) => existsSync(path)).flatMap(readOnly),
    ...DEVICES.flatMap((path) => ['--dev-bind', path, path]),
    ...['--size', String(TMP_BYTES), '--perms', '1777', '--tmpfs', '/tmp'],
  ]
}

function workspaceOptions(cwd: string): string[] {
  if (cwd === '') return ['--chdir', '/']
  const source = join(cwd, SOURCE_FILE)
  const inputs = existsSync(source) ? ['--ro-bind', source, join(INSIDE, SOURCE_FILE)] : []
  return ['--bind', cwd, INSIDE, ...inputs, '--chdir', INSIDE]
}

interface Program {
  path: string
  /** Bind mounts for a program outside the system's folders. */
  options: string[]
}

function findProgram(name: string): Program {
  const path = isAbsolute(name) ? name : findExecutable(name)
  if (path === undefined || !existsSync(path)) return { path: name, options: [] }
  const files = [path, realpathSync(path), ...librariesOf(path)].filter((file) => !isOfSystem(file))
  return { path, options: [...new Set(files)].flatMap(withParents) }
}

/** Creates the parent folders too: those that bubblewrap creates implicitly are accessible to root only. */
function withParents(file: string): string[] {
  const parents: string[] = []
  for (let folder = dirname(file); folder !== '/'; folder = dirname(folder)) parents.unshift(folder)
  return [...parents.flatMap((folder) => ['--perms', '0755', '--dir', folder]), '--ro-bind', realpathSync(file), file]
}

/** Paths of a program's shared libraries; empty for a script. */
function librariesOf(path: string): string[] {
  if (isOfSystem(realpathSync(path))) return []
  const { stdout } = spawnSync('ldd', [path], { encoding: 'utf8', timeout: 5000 })
  return [...(stdout ?? '').matchAll(/(\/\S+) \(0x/g)].map(([, library = '']) => library)
}

function isOfSystem(path: string): boolean {
  return [...SYSTEM_FOLDERS, ...ROOT_FOLDERS].some((folder) => path.startsWith(`${folder}/`))
}

function readOnly(path: string): string[] {
  return ['--ro-bind', path, path]
}
