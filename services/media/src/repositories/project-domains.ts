import type { ProjectDomains } from '@kinora/common/contracts'
import type { Db } from '../db/schema.ts'

/** Keeps what has the highest revision: events may arrive twice, and in another order. */
export async function keepProjectDomains(
  db: Db,
  projectId: string,
  { domains, revision }: ProjectDomains,
): Promise<void> {
  await db
    .insertInto('project_domains')
    .values({ project_id: projectId, domains, revision })
    .onConflict((conflict) =>
      conflict.column('project_id').doUpdateSet({ domains, revision }).where('project_domains.revision', '<', revision),
    )
    .execute()
}

/** Revision 0 where auth has said nothing: all sites. */
export async function projectDomains(db: Db, projectId: string): Promise<ProjectDomains> {
  const row = await db
    .selectFrom('project_domains')
    .select(['domains', 'revision'])
    .where('project_id', '=', projectId)
    .executeTakeFirst()
  return row ?? { domains: [], revision: 0 }
}

export async function deleteProjectDomains(db: Db, projectId: string): Promise<void> {
  await db.deleteFrom('project_domains').where('project_id', '=', projectId).execute()
}
