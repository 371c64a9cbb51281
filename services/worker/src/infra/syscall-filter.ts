/** System calls that no run of ffmpeg makes, with their numbers on x86-64 and on 64-bit ARM; null where it does not exist. */
const REFUSED: Record<string, [number | null, number | null]> = {
  // Other processes. Threads are created by `clone`, whose flags are checked below.
  fork: [57, null],
  vfork: [58, null],
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  kcmp: [312, 272],
  pidfd_send_signal: [424, 424],
  pidfd_open: [434, 434],
  pidfd_getfd: [438, 438],
  // A tool that leaves its process group cannot be paused.
  setsid: [112, 157],
  setpgid: [109, 154],
  // Sockets of every kind; standard output was connected before.
  socket: [41, 198],
  socketpair: [53, 199],
  // Namespaces and mounts.
  unshare: [272, 97],
  setns: [308, 268],
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
  // Memory that no resource limit of a process counts.
  memfd_create: [319, 279],
  memfd_secret: [447, 447],
  shmget: [29, 194],
  shmat: [30, 196],
  shmctl: [31, 195],
  semget: [64, 190],
  msgget: [68, 186],
  mq_open: [240, 180],
  vmsplice: [278, 75],
  // Kernel keyring.
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  // Devices, links, and removal: files without a name take space that is not measured.
  mknod: [133, null],
  mknodat: [259, 33],
  link: [86, null],
  linkat: [265, 37],
  symlink: [88, null],
  symlinkat: [266, 36],
  unlink: [87, null],
  unlinkat: [263, 35],
  rmdir: [84, null],
  name_to_handle_at: [303, 264],
  open_by_handle_at: [304, 265],
  // Large and rarely used parts of the kernel.
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  fanotify_init: [300, 262],
  inotify_init: [253, null],
  inotify_init1: [294, 26],
  personality: [135, 92],
  modify_ldt: [154, null],
  move_pages: [279, 239],
  migrate_pages: [256, 238],
  lookup_dcookie: [212, 18],
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  acct: [163, 89],
  swapon: [167, 224],
  swapoff: [168, 225],
  reboot: [169, 142],
  quotactl: [179, 60],
  syslog: [103, 116],
}

/** `linux/audit.h`, and the calls whose arguments are looked at. */
const ARCHITECTURES: Record<
  string,
  { index: 0 | 1; audit: number; clone: number; mmap: number; openat: number; open?: number }
> = {
  x64: { index: 0, audit: 0xc000003e, clone: 56, mmap: 9, openat: 257, open: 2 },
  arm64: { index: 1, audit: 0xc00000b7, clone: 220, mmap: 222, openat: 56 },
}
/** Both have a structure as their argument, which a filter cannot read; callers then use the older call. */
const UNREADABLE = { clone3: 435, openat2: 437 }

const CLONE_THREAD = 0x10000
const MAP_SHARED = 1
const MAP_ANONYMOUS = 0x20
const MAP_GROWSDOWN = 0x100
const O_TMPFILE = 0x400000
const X32 = 0x40000000

// `linux/bpf_common.h`: load a word of the call's data, and with it, jump if equal, if not less, if any bit is set; return.
const [LOAD, AND, EQUAL, NOT_LESS, ANY, RETURN] = [0x20, 0x54, 0x15, 0x35, 0x45, 0x06]
const ALLOW = 0x7fff0000
const KILL = 0x80000000
const [EPERM, ENOSYS] = [0x50001, 0x50026]
/** Offsets in `struct seccomp_data`; the lower half of each argument. */
const [NUMBER, ARCHITECTURE] = [0, 4]
const argument = (index: number) => 16 + 8 * index

type Instruction = [code: number, ifTrue: number, ifFalse: number, value: number]

/**
 * A seccomp filter (classic BPF) that refuses these calls, new processes, memory that limits do not count, and the calls of
 * other architectures. Null on processors whose numbers are not known here.
 */
export function syscallFilter(arch: string = process.arch): Buffer | null {
  const known = ARCHITECTURES[arch]
  if (!known) return null
  const program: Instruction[] = [
    [LOAD, 0, 0, ARCHITECTURE],
    [EQUAL, 1, 0, known.audit],
    [RETURN, 0, 0, KILL],
    [LOAD, 0, 0, NUMBER],
    [NOT_LESS, 0, 1, X32],
    [RETURN, 0, 0, EPERM],
    ...Object.values(UNREADABLE).flatMap((number) => refuse(number, ENOSYS)),
    ...Object.values(REFUSED).flatMap((numbers) => refuse(numbers[known.index], EPERM)),
    // Without this flag it creates a process.
    ...checkArgument(known.clone, 0, [
      [ANY, 1, 0, CLONE_THREAD],
      [RETURN, 0, 0, EPERM],
    ]),
    ...checkArgument(known.mmap, 3, [
      [ANY, 0, 1, MAP_GROWSDOWN],
      [RETURN, 0, 0, EPERM],
      [AND, 0, 0, MAP_SHARED | MAP_ANONYMOUS],
      [EQUAL, 0, 1, MAP_SHARED | MAP_ANONYMOUS],
      [RETURN, 0, 0, EPERM],
    ]),
    ...checkArgument(known.openat, 2, [
      [ANY, 0, 1, O_TMPFILE],
      [RETURN, 0, 0, EPERM],
    ]),
    ...(known.open === undefined
      ? []
      : checkArgument(known.open, 1, [
          [ANY, 0, 1, O_TMPFILE],
          [RETURN, 0, 0, EPERM],
        ])),
    [RETURN, 0, 0, ALLOW],
  ]
  const bytes = Buffer.alloc(8 * program.length)
  for (const [index, [code, ifTrue, ifFalse, value]] of program.entries()) {
    bytes.writeUInt16LE(code, 8 * index)
    bytes.writeUInt8(ifTrue, 8 * index + 2)
    bytes.writeUInt8(ifFalse, 8 * index + 3)
    bytes.writeUInt32LE(value, 8 * index + 4)
  }
  return bytes
}

/** Numbers of the system call prctl(2), with which a process applies a filter to itself. */
const PRCTL: Record<string, number> = { x64: 157, arm64: 167 }

/**
 * Words before a command that apply the filter from file descriptor 3 to it, for use without bubblewrap. Every Debian has the
 * Perl that they need. Undefined on processors without a filter.
 */
export function filterWords(arch: string = process.arch): string[] | undefined {
  const number = PRCTL[arch]
  if (number === undefined) return undefined
  const script = [
    'open(my $file, "<&=", 3) or die "no filter: $!\\n"',
    'binmode $file',
    'my $filter = do { local $/; <$file> }',
    'close $file',
    'my $program = pack("S x6 P", length($filter) / 8, $filter)',
    // PR_SET_NO_NEW_PRIVS, then PR_SET_SECCOMP with SECCOMP_MODE_FILTER.
    `syscall(${number}, 38, 1, 0, 0, 0) == 0 && syscall(${number}, 22, 2, $program) == 0 or die "no filter: $!\\n"`,
    'exec @ARGV or die "$ARGV[0]: $!\\n"',
  ]
  return ['perl', '-e', script.join('; '), '--']
}

function refuse(number: number | null, answer: number): Instruction[] {
  return number === null
    ? []
    : [
        [EQUAL, 0, 1, number],
        [RETURN, 0, 0, answer],
      ]
}

/** Instructions that check one argument of one call; the call is allowed unless they return. */
function checkArgument(number: number, index: number, instructions: Instruction[]): Instruction[] {
  return [
    [EQUAL, 0, instructions.length + 2, number],
    [LOAD, 0, 0, argument(index)],
    ...instructions,
    [RETURN, 0, 0, ALLOW],
  ]
}
