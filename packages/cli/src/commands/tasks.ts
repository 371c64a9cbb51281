import { media, type Task, TaskStatus } from '@kinora/common/contracts'
import { type Command, Option } from 'commander'
import { type Act, collect, limitOption } from '../cli.ts'
import { type Columns, timeOf } from '../printer.ts'

const COLUMNS: Columns<Task> = {
  VIDEO: (task) => task.videoId,
  TASK: (task) => task.label,
  STATUS: (task) => task.status,
  TRY: (task) => task.attempt,
  DONE: (task) => `${task.percent}%`,
  WORKER: (task) => task.worker,
  STARTED: (task) => timeOf(task.startedAt),
  CAUSE: (task) => task.cause && `${task.cause.code}: ${task.cause.detail}`,
}

interface ListOptions {
  status?: TaskStatus
  video?: string
  limit: number
}

export function tasksCommands(program: Command, act: Act): void {
  const tasks = program.command('tasks').description('list the processing tasks of videos')

  tasks
    .command('list')
    .description('list running and failed tasks, or those with one status; newest video first')
    .addOption(new Option('--status <status>', 'only tasks with this status').choices(TaskStatus.options))
    .option('--video <id>', 'only tasks of this video')
    .addOption(limitOption())
    .action(
      act(async ({ call, print }, { status, video, limit }: ListOptions) => {
        const filter = { ...(status && { status }), ...(video !== undefined && { videoId: video }) }
        print.list(await collect(call, media.listTasks, filter, limit), COLUMNS)
      }),
    )
}
