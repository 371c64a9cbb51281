import type { SourceEvent } from '@kinora/common/contracts'
import { describe, expect, it } from 'vitest'
import { videoEvents } from './webhooks.ts'

const waiting = { status: 'awaiting_upload', playable: false } as const
const uploaded = { status: 'uploaded', playable: false } as const
const processing = { status: 'processing', playable: false } as const
const growing = { status: 'processing', playable: true } as const
const ready = { status: 'ready', playable: true } as const
const failed = { status: 'failed', playable: false } as const

function told(event: SourceEvent['event']): SourceEvent {
  return { at: '2026-11-30T20:00:00.000Z', event, detail: 'It happened.' }
}

describe('videoEvents', () => {
  it.each([
    [waiting, uploaded, ['video.uploaded']],
    [uploaded, processing, ['video.processing']],
    [processing, growing, ['video.playable']],
    [growing, ready, ['video.ready']],
    [growing, failed, ['video.failed']],
    [failed, growing, ['video.processing', 'video.playable']],
    [waiting, growing, ['video.uploaded', 'video.processing', 'video.playable']],
    [growing, growing, []],
    [waiting, waiting, []],
    [ready, { ...ready, source_events: [told('removed')] }, ['video.source_removed']],
    [ready, { ...ready, source_events: [told('replacing')] }, []],
    [
      failed,
      { ...ready, source_events: [told('replaced')] },
      ['video.playable', 'video.ready', 'video.source_replaced'],
    ],
    [{ ...ready, source_events: [told('removed')] }, { ...ready, source_events: [told('removed')] }, []],
  ])('from %j to %j tells %j', (before, after, expected) => {
    expect(videoEvents(before, after)).toEqual(expected)
  })
})
