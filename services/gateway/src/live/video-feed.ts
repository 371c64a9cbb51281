import type { Actor, EventData, EventEnvelope } from '@kinora/common/contract'
import { type events, Progress, type Video, VideoError, VideoStatus } from '@kinora/common/contracts'
import { roleIn } from '@kinora/common/project-access'
import { z } from 'zod'
import type { EventStream } from './event-stream.ts'

export type VideoState = EventData<(typeof events)['video.changed']>

/** A listener for the changes of one video. */
export interface Watcher {
  changed(state: VideoState, sequence: number): void
  deleted(): void
  /** Changes may have been missed. */
  gap(): void
}

/** Passes media's events to the watchers of each video. */
export class VideoFeed {
  readonly #watchers = new Map<string, Set<Watcher>>()

  /** Returns a function that removes the watcher. */
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

/** The data of every event: the whole state, so that clients need only the last one. */
export const VideoEvent = z.object({
  videoId: z.uuid().meta({ description: 'Id of the video.', example: '0197a1e8-0d4b-7c3a-9b1e-52f7a0d4b36c' }),
  status: VideoStatus.meta({ description: 'How far the video has come.', example: 'ready' }),
  playable: z.boolean().meta({ description: 'Whether it can be played now.', example: true }),
  progress: Progress.meta({ description: 'How far processing has come.' }),
  error: VideoError.nullable().meta({ description: 'Why processing failed; null unless it did.' }),
})
type VideoEvent = z.infer<typeof VideoEvent>

/** Sends the state of one video to one client. It must watch before the video is read, so that no change is missed. */
export class VideoFollower implements Watcher {
  readonly #actor: Actor
  readonly #early: [VideoState, number][] = []
  #stream: EventStream | undefined
  #shown: VideoEvent | undefined
  #sequence = -1

  constructor(actor: Actor) {
    this.#actor = actor
  }

  /** Sends the present state, then the changes that arrived while it was fetched. */
  start(stream: EventStream, video: Video): void {
    this.#stream = stream
    this.#show({ ...video, videoId: video.id })
    for (const [state, sequence] of this.#early.splice(0)) this.changed(state, sequence)
  }

  changed(state: VideoState, sequence: number): void {
    if (!this.#stream) {
      this.#early.push([state, sequence])
      return
    }
    if (sequence <= this.#sequence) return
    this.#sequence = sequence
    const isMember = roleIn(this.#actor, state.projectId ?? state.ownerId) !== undefined
    // Only members of its project see why it failed, as in `getVideo`.
    if (isMember) this.#show(state, sequence)
    else if (state.visibility !== 'private') this.#show({ ...state, error: null }, sequence)
    else this.#end()
  }

  deleted(): void {
    this.#end()
  }

  /** Ends the stream; the client reconnects and starts from a new snapshot. */
  gap(): void {
    this.#end()
  }

  /** The random delay of 0.5–3 s keeps clients that are disconnected together from reconnecting together. */
  #end(): void {
    this.#stream?.end(500 + Math.floor(Math.random() * 2500))
  }

  #show(state: VideoEvent, sequence?: number): void {
    const { videoId, status, playable, progress, error } = state
    const before = this.#shown
    const isProgress = before?.status === status && before.playable === playable && before.error?.code === error?.code
    this.#shown = { videoId, status, playable, progress, error }
    this.#stream?.send(isProgress ? 'progress' : 'status', this.#shown, sequence)
  }
}
