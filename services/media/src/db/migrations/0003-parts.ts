import type { Migration } from '@kinora/common/db'

/** Segments are recorded as they are written, instead of with the result of a whole task; the poster is a task. */
export const parts: Migration = {
  name: '0003-parts',
  sql: `
  create table parts (
    task_id uuid not null references tasks (id) on delete cascade,
    -- In whose folder the segments lie.
    attempt integer not null,
    -- Numbered in the video.
    first_segment integer not null,
    segments integer not null check (segments > 0),
    written jsonb not null,
    primary key (task_id, first_segment)
  );

  -- How many of its segments are recorded, without a gap from its first.
  alter table tasks add column written integer not null default 0;
  alter table tasks drop constraint tasks_kind_check;
  alter table tasks add check (kind in ('probe', 'audio', 'video', 'poster', 'finalise'));

  -- Nobody reads the queues that their messages are in; so they are soon sent again, to those that are read.
  update tasks set sends = 1 where state = 'queued';

  update tasks set params = params || '{"firstSegment": 0}' where kind = 'audio';
  update tasks set params = jsonb_set(params, '{rungs}',
    (select jsonb_agg(rung || '{"firstSegment": 0}') from jsonb_array_elements(params->'rungs') rung))
    where kind = 'video';

  insert into parts (task_id, attempt, first_segment, segments, written)
    select id, attempt, 0, jsonb_array_length(result->'segments'), result || '{"firstSegment": 0}'
    from tasks where kind = 'audio' and state = 'done';
  insert into parts (task_id, attempt, first_segment, segments, written)
    select id, attempt, first_segment, jsonb_array_length(result->'renditions'->0->'segments'),
      jsonb_set(result, '{renditions}', (
        select jsonb_agg(rendition || jsonb_build_object('firstSegment', first_segment))
        from jsonb_array_elements(result->'renditions') rendition))
    from (select *, (params->'chunk'->>'firstSegment')::integer as first_segment from tasks) done
    where kind = 'video' and state = 'done';
  update tasks set written = parts.segments from parts where parts.task_id = tasks.id;
  -- Parts and the row of the video have all that was asked of it.
  alter table tasks drop column result;

  -- They counted finished tasks; now it is recorded segments and finished tasks together.
  alter table videos rename column parts_done to material;
  alter table videos rename column parts_published to material_published;
  update videos set
    material = case when material = 0 then 0 else recorded.counted end,
    material_published = case when material_published = 0 then 0 else recorded.counted end,
    republish = republish or material_published between 1 and material - 1
    from (
      select video_id, (sum(written) + count(*) filter (where state = 'done'))::integer as counted
      from tasks where kind in ('audio', 'video') group by video_id
    ) recorded
    where recorded.video_id = videos.id;

  -- How many unfinished videos an owner has decides what is next.
  create index videos_in_work on videos (owner_id, created_at, id) where status in ('uploaded', 'processing');
  `,
}
