import type { Migration } from '@kinora/common/db'

/** The audio tracks of a video, which used to have one. */
export const audioTracks: Migration = {
  name: '0006-audio-tracks',
  sql: `
  -- Each with its language and name, in the order of the source; known from the probe on.
  alter table videos add column audio_tracks jsonb not null default '[]';
  update videos set audio_tracks = jsonb_build_array(jsonb_build_object(
    'id', '1', 'language', null, 'name', 'Audio', 'default', true, 'channels', facts #> '{audio,channels}',
    'audioDescription', false, 'hidden', false, 'status', case status when 'ready' then 'ready' else 'processing' end, 'additional', false
  )) where plan is not null and jsonb_typeof(facts -> 'audio') = 'object';
  `,
}
