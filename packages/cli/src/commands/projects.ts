import { auth, type Member, type Project } from '@kinora/common/contracts'
import type { Command } from 'commander'
import { type Act, collect, limitOption } from '../cli.ts'
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

export function projectsCommands(program: Command, act: Act): void {
  const projects = program.command('projects').description('list projects and their members')

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
