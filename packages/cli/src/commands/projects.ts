import { auth, type Member, media, type Project, type Usage } from '@kinora/common/contracts'
import type { Command } from 'commander'
import { type Act, collect, findUserId, limitOption } from '../cli.ts'
import { type Columns, timeOf } from '../printer.ts'

const COLUMNS: Columns<Project> = {
  ID: (project) => project.id,
  NAME: (project) => project.name,
  CREATED: (project) => timeOf(project.createdAt),
}

const MEMBERS: Columns<Member> = {
  ID: (member) => member.userId,
  'E-MAIL': (member) => member.email,
  NAME: (member) => member.displayName,
  ROLE: (member) => member.role,
  SINCE: (member) => timeOf(member.createdAt),
}

const USAGE: Columns<Usage> = {
  BYTES: (usage) => usage.bytes,
  'OF AT MOST': (usage) => usage.limits.storedBytes,
  MINUTES: (usage) => usage.minutes,
  VIDEOS: (usage) => usage.videos,
  UPLOADS: (usage) => usage.uploads,
  'RUNNING TASKS': (usage) => usage.runningTasks,
}

export function projectsCommands(program: Command, act: Act): void {
  const projects = program.command('projects').description('list and create projects, and list their members')

  projects
    .command('list')
    .description('list all projects but the personal ones, newest first')
    .addOption(limitOption())
    .action(
      act(async ({ call, print }, { limit }: { limit: number }) => {
        print.list(await collect(call, auth.findProjects, {}, limit), COLUMNS)
      }),
    )

  projects
    .command('create')
    .description('create a project for an account, which becomes its owner')
    .argument('<name>', 'name of the project')
    .requiredOption('--owner <user>', 'id or e-mail address of the account')
    .action(
      act(async ({ call, print }, name: string, { owner }: { owner: string }) => {
        const project = await call(auth.createUserProject, { name, userId: await findUserId(call, owner) })
        print.done(`${project.id} ${project.name}`, project)
      }),
    )

  projects
    .command('usage')
    .description('show what a project stores and runs, and how much it may')
    .argument('<project>', 'id of the project; a personal project has the id of its account')
    .action(
      act(async ({ call, print }, projectId: string) => {
        print.record(await call(media.getProjectUsage, { projectId }), USAGE)
      }),
    )

  projects
    .command('members')
    .description('list the members of a project, newest first')
    .argument('<project>', 'id of the project; a personal project has the id of its account')
    .addOption(limitOption())
    .action(
      act(async ({ call, print }, projectId: string, { limit }: { limit: number }) => {
        print.list(await collect(call, auth.listMembers, { projectId }, limit), MEMBERS)
      }),
    )
}
