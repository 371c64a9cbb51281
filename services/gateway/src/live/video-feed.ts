import type { EventData, EventEnvelope } from '@kinora/common/contract'
import type { events } from '@kinora/common/contracts'

export type VideoState = EventData<(typeof events)['video.changed']>

export interface Watcher {
  changed(state: VideoState, sequence: number): void
  deleted(): void
  /** Changes may have been missed. */
  gap(): void
}

/** Hands what media says of videos to those who watch one. */
export class VideoFeed {
  readonly #watchers = new Map<string, Set<Watcher>>()

  /** Returns how to stop watching. */
  watch(videoId: string, watcher: Watcher): () => void {
    const watchers = this.#watchers.get(videoId) ?? new Set()
    this.#watchers.set(videoId, watchers.add(watcher))
    return () => {
      watchers.delete(watcher)
      if (watchers.size === 0 && this.#watchers.get(videoId) === watchers) this.#watchers.delete(videoId)
    }
  }

  receive(envelope: EventEnvelope): void {
    const { videoId } = envelope.data as { videoId: string }
    for (const watcher of this.#watchers.get(videoId) ?? []) {
      if (envelope.type === 'video.changed') watcher.changed(envelope.data as VideoState, envelope.sequence)
      if (envelope.type === 'video.deleted') watcher.deleted()
    }
  }

  gap(): void {
    for (const watchers of this.#watchers.values()) for (const watcher of watchers) watcher.gap()
  }
}
