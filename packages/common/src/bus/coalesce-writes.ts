import type { Socket } from 'node:net'

/**
 * Makes everything that is written within one turn of the event loop leave in one system call. amqplib writes frame by
 * frame; at 64 calls at a time this alone is worth a third of the throughput.
 */
export function coalesceWrites(socket: Socket): void {
  const write = socket.write.bind(socket)
  let corked = false
  const uncork = () => {
    corked = false
    socket.uncork()
  }
  socket.write = ((...args: Parameters<typeof write>) => {
    if (!corked) {
      corked = true
      socket.cork()
      process.nextTick(uncork)
    }
    return write(...args)
  }) as typeof socket.write
}
