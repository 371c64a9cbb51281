#!/usr/bin/perl
# A program in ffmpeg's place that tries to get out. Prints a line for each attempt: its name, a tab, and `reached` or why not.
# Arguments are `name=value`: what there is to reach. With `harmless` it leaves out what would hurt a machine without a sandbox.
# Other modes: `loop` counts into the file `count`, `fill` writes files, `endless` prints without a line break.
use strict;
use warnings;
use Socket;
use POSIX ();

$| = 1;
my %goal = map { /^(\w+)=(.*)$/s ? ($1 => $2) : ($_ => 1) } @ARGV;
if ($goal{'-version'}) { print "ffmpeg version hostile\nconfiguration: none\n"; exit 0 }
if ($goal{loop}) {
  for (my $n = 1; ; $n++) { open(my $f, '>', 'count') or die; print $f $n; close $f; select(undef, undef, undef, 0.01) }
}
if ($goal{fill}) {
  local $SIG{XFSZ} = 'IGNORE';
  for (my $n = 1; ; $n++) { open(my $f, '>', "fill-$n") or die; syswrite($f, 'x' x 262144); close $f; select(undef, undef, undef, 0.002) }
}
if ($goal{endless}) { print 'x' x 65536 while 1 }

my $arm = (POSIX::uname())[4] eq 'aarch64' ? 1 : 0;
my %number = (
  ptrace => [101, 117], process_vm_readv => [310, 270], mount => [165, 40], unshare => [272, 97], keyctl => [250, 219],
  add_key => [248, 217], memfd_create => [319, 279], shmget => [29, 194], mmap => [9, 222], bpf => [321, 280],
  perf_event_open => [298, 241], io_uring_setup => [425, 425], userfaultfd => [323, 282], prctl => [157, 167],
  prlimit64 => [302, 261], mknodat => [259, 33], pidfd_open => [434, 434], setns => [308, 268], chroot => [161, 51],
  clone => [56, 220], open_tree => [428, 428], name_to_handle_at => [303, 264],
);
sub call { my $name = shift; return syscall($number{$name}[$arm], map { /^-?\d+$/ ? 0 + $_ : $_ } @_) }

sub try {
  my ($name, $attempt) = @_;
  local $! = 0;
  my $reached = eval { $attempt->() };
  my $why = $@ || "$!" || 'no';
  $why =~ s/\s+/ /g;
  print "$name\t", ($reached ? 'reached' : "no: $why"), "\n";
}
sub dangerous { try(@_) unless $goal{harmless} }
sub contents { my ($path) = @_; open(my $f, '<', $path) or return ''; local $/; my $text = <$f>; return defined $text ? $text : '' }
sub readable { return contents($_[0]) =~ /SECRET/ }
sub listed { opendir(my $d, $_[0]) or return 0; return scalar(grep { !/^\.\.?$/ } readdir $d) }
# Opened, never written: a sandbox with a hole must not cost the machine.
sub writable { my ($path) = @_; return sysopen(my $f, $path, POSIX::O_WRONLY() | POSIX::O_APPEND()) }
sub creatable { my ($path) = @_; return sysopen(my $f, $path, POSIX::O_WRONLY() | POSIX::O_CREAT(), 0600) }
sub tcp {
  my ($port) = @_;
  socket(my $s, PF_INET, SOCK_STREAM, 0) or return 0;
  return connect($s, sockaddr_in($port, inet_aton('127.0.0.1')));
}
sub unix { socket(my $s, PF_UNIX, SOCK_STREAM, 0) or return 0; return connect($s, pack_sockaddr_un($_[0])) }

# What other processes know.
try 'environment of any process' => sub { for (glob '/proc/*/environ') { return 1 if readable($_) } 0 };
try 'environment of the worker' => sub { readable("/proc/$goal{pid}/environ") };
try 'command line of the worker' => sub { contents("/proc/$goal{pid}/cmdline") ne '' };
try 'memory map of the worker' => sub { contents("/proc/$goal{pid}/maps") ne '' };
try 'open files of the worker' => sub { listed("/proc/$goal{pid}/fd") };
try 'root folder of the worker' => sub { listed("/proc/$goal{pid}/root/") };
try 'secrets in its own environment' => sub { grep { !/^(PATH|MALLOC_ARENA_MAX|PWD|LC_ALL|LANG|_|SHLVL|OLDPWD)$/ } keys %ENV };
try 'inherited files' => sub { for my $fd (3 .. 200) { return 1 if open(my $f, "<&=$fd") } 0 };

# Files.
try 'another upload' => sub { readable($goal{upload}) };
try 'the list of the storage' => sub { listed($goal{storage}) };
try 'the storage changed' => sub { creatable("$goal{storage}/planted") };
try 'a file of another job' => sub { readable("$goal{job}/tools/source") };
try 'the list of jobs' => sub { listed($goal{jobs}) };
try 'a file planted in another job' => sub { creatable("$goal{job}/tools/planted") };
try 'secrets of the installation' => sub { readable($goal{secrets}) };
try 'the source changed' => sub { writable('source') };
dangerous 'the source cut' => sub { truncate('source', 0) };
dangerous 'the source replaced' => sub { rename('source', 'gone') };
dangerous 'the source removed' => sub { unlink('source') };
try 'the rights of the source' => sub { chmod(0777, 'source') };
dangerous 'a file outside' => sub { creatable('/planted') || creatable('../planted') || creatable('/usr/lib/planted') || creatable('/usr/bin/planted') };
dangerous 'a system file' => sub { writable('/etc/ld.so.cache') || writable('/etc/passwd') || writable('/etc/ld.so.preload') };
try 'users of the machine' => sub { contents('/etc/passwd') =~ /root/ };
try 'a link to a secret' => sub { symlink($goal{secrets}, 'out-link') };
try 'a link to a folder' => sub { symlink($goal{storage}, 'out-folder') };
try 'a second name of a secret' => sub { link($goal{upload}, 'out-hard') };
try 'a second name of the source' => sub { link('source', 'out-source') };
try 'a pipe' => sub { POSIX::mkfifo('out-fifo', 0666) };
dangerous 'a device' => sub { call('mknodat', -100, 'out-device', 020666, 0x103) == 0 };
dangerous 'devices of the machine' => sub { for (qw(mem kmsg kvm fuse sda vda loop0 tty ptmx shm/x zero net/tun)) { return 1 if sysopen(my $f, "/dev/$_", 0) } 0 };
dangerous 'kernel settings' => sub { writable('/proc/sys/kernel/core_pattern') || writable('/proc/sysrq-trigger') || listed('/sys') };
try 'a file by its handle' => sub { my $h = pack('I i x128', 128, 0); my $m = pack('i', 0); call('name_to_handle_at', -100, '.', $h, $m, 0) == 0 };

# Network.
try 'the broker' => sub { tcp($goal{broker}) };
try 'any service by TCP' => sub { tcp($goal{tcp}) };
try 'a name server' => sub {
  socket(my $s, PF_INET, SOCK_DGRAM, 0) or return 0;
  return send($s, "query", 0, sockaddr_in($goal{udp}, inet_aton('127.0.0.1')));
};
try 'a Unix socket' => sub { unix($goal{unix}) };
try 'an abstract socket' => sub { unix("\0$goal{abstract}") };
try 'a raw socket' => sub { socket(my $s, 17, SOCK_RAW, 0x300) };
try 'a kernel socket' => sub { socket(my $s, 16, SOCK_RAW, 0) };

# Other processes.
try 'a debugger on the worker' => sub { call('ptrace', 0x4206, $goal{pid}, 0, 0) == 0 };
try 'a debugger on its parent' => sub { call('ptrace', 0x4206, getppid(), 0, 0) == 0 };
try 'memory of the worker' => sub {
  my $buffer = "\0" x 8;
  my $local = pack('P Q', $buffer, 8);
  my $remote = pack('Q Q', 0x400000, 8);
  call('process_vm_readv', $goal{pid}, $local, 1, $remote, 1, 0) > 0 || $!{EFAULT};
};
try 'a signal to the worker' => sub { kill(0, $goal{pid}) };
try 'a handle of the worker' => sub { call('pidfd_open', $goal{pid}, 0) >= 0 };
try 'a session of its own' => sub { POSIX::setsid() > 0 };
try 'another process' => sub { my $pid = fork(); return 0 unless defined $pid; if ($pid == 0) { POSIX::close(1); POSIX::close(2); sleep 5; POSIX::_exit(0) } 1 };
try 'many processes' => sub {
  my $made = 0;
  for (1 .. 40) { my $pid = fork(); last unless defined $pid; if ($pid == 0) { POSIX::close(1); POSIX::close(2); sleep 5; POSIX::_exit(0) } $made++ }
  return $made == 40;
};

# More than its share.
try 'more memory' => sub { my $at = call('mmap', 0, $goal{memory}, 3, 0x4022, -1, 0); $at != -1 };
try 'shared memory' => sub { my $at = call('mmap', 0, $goal{memory}, 3, 0x4021, -1, 0); $at != -1 };
try 'memory as a stack' => sub { my $at = call('mmap', 0, $goal{memory}, 3, 0x4122, -1, 0); $at != -1 };
try 'a file in memory' => sub { call('memfd_create', 'x', 0) >= 0 };
try 'System V memory' => sub { call('shmget', 0, 4096, 01600) >= 0 };
try 'a file without a name' => sub { sysopen(my $f, '.', 0x410002 | ($arm ? 0x4000 : 0), 0600) };
dangerous 'a higher limit' => sub { my $limit = pack('Q Q', ~0, ~0); call('prlimit64', 0, 2, $limit, 0) == 0 };
dangerous 'a core dump' => sub { my $limit = pack('Q Q', 1 << 20, 1 << 20); call('prlimit64', 0, 4, $limit, 0) == 0 };
dangerous 'a higher priority' => sub { POSIX::nice(-5) };
dangerous 'the disk' => sub {
  local $SIG{XFSZ} = 'IGNORE';
  open(my $f, '>', 'out-large') or return 0;
  my $sum = 0;
  while ($sum <= 4 * $goal{output}) { my $n = syswrite($f, 'x' x 65536); last unless $n; $sum += $n }
  return $sum > $goal{output};
};
dangerous 'temporary files' => sub {
  local $SIG{XFSZ} = 'IGNORE';
  my $sum = 0;
  for (1 .. 64) { open(my $f, '>', "/tmp/hostile-$$-$_") or last; my $n = syswrite($f, 'x' x 1048576); last unless $n; $sum += $n }
  return $sum > 32 * 1048576;
};

# More rights.
dangerous 'root' => sub { $> = 0 if $> != 0; POSIX::setuid(0); return $> == 0 };
try 'a program that is root' => sub { call('prctl', 39, 0, 0, 0, 0) != 1 };
dangerous 'a mount' => sub { call('mount', 'none', '/tmp', 'tmpfs', 0, 0) == 0 };
try 'a copy of a mount' => sub { call('open_tree', -100, '/', 1) >= 0 };
dangerous 'another root folder' => sub { call('chroot', '/tmp') == 0 };
try 'a user namespace' => sub { call('unshare', 0x10000000) == 0 };
try 'a user namespace by clone' => sub {
  my $pid = call('clone', 0x10000000 | 17, 0, 0, 0, 0);
  if ($pid == 0) { POSIX::_exit(0) }
  return $pid > 0;
};
try 'the keyring' => sub { call('keyctl', 0, -4, 1) >= 0 };
try 'a new key' => sub { call('add_key', 'user', 'hostile', 'x', 1, -2) >= 0 };
dangerous 'a program in the kernel' => sub { my $attr = pack('x64'); call('bpf', 0, $attr, 64) >= 0 || $!{EINVAL} };
try 'counters of the processor' => sub { my $attr = pack('I I x112', 1, 120); call('perf_event_open', $attr, 0, -1, -1, 0) >= 0 };
try 'queues of the kernel' => sub { my $p = pack('x128'); call('io_uring_setup', 4, $p) >= 0 };
try 'page faults' => sub { call('userfaultfd', 1) >= 0 };
print "end\tno\n";
