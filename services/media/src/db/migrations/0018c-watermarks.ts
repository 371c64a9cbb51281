import type { Migration } from '@kinora/common/db'

/** A picture that is burnt into a video. */
export const watermarks: Migration = {
  name: '0018c-watermarks',
  sql: `
  -- Where the picture is, and how it lies over the video. Does not change any more when there is a source.
  alter table videos add column watermark jsonb;
  `,
}
