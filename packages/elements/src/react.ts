import { type CSSProperties, createElement, type ReactElement, type Ref } from 'react'
import type { AccessToken, KinoraPlayer as PlayerElement, PlayerState, VideoFacts } from './player/player.ts'
import type { KinoraUploader as UploaderElement } from './uploader/uploader.ts'

interface Common {
  id?: string
  className?: string
  style?: CSSProperties
}

export interface KinoraPlayerProps extends Common {
  ref?: Ref<PlayerElement>
  src?: string | null
  server?: string | null
  videoId?: string | null
  /** A playback token. */
  token?: string | null
  accessToken?: AccessToken
  poster?: string
  autoplay?: boolean
  muted?: boolean
  onStateChange?: (event: CustomEvent<{ state: PlayerState }>) => void
  onFacts?: (event: CustomEvent<VideoFacts>) => void
  onPlay?: (event: Event) => void
  onPause?: (event: Event) => void
  onTimeUpdate?: (event: Event) => void
  onEnded?: (event: Event) => void
}

export interface KinoraUploaderProps extends Common {
  ref?: Ref<UploaderElement>
  endpoint: string
  token?: string
  accept?: string
  single?: boolean
  disabled?: boolean
  headers?: UploaderElement['headers']
  metadata?: UploaderElement['metadata']
  onUploadStart?: (event: CustomEvent<{ file: File }>) => void
  onUploadProgress?: (event: CustomEvent<{ file: File; sent: number; total: number }>) => void
  onUploadSuccess?: (event: CustomEvent<{ file: File; url: string; videoId: string | undefined }>) => void
  onUploadError?: (event: CustomEvent<{ file: File; error: Error }>) => void
}

/** `<kinora-player>` for React 19; `@kinora/elements/kinora-player.js` must be imported in the browser as well. */
export function KinoraPlayer(props: KinoraPlayerProps): ReactElement {
  return createElement('kinora-player', passed(props))
}

/** `<kinora-uploader>` for React 19; `@kinora/elements/kinora-uploader.js` must be imported in the browser as well. */
export function KinoraUploader(props: KinoraUploaderProps): ReactElement {
  return createElement('kinora-uploader', passed(props))
}

/** React gives custom elements properties, and listens to the event that the rest of an `on` property names. */
function passed(props: object): object {
  const name = (key: string) =>
    /^on[A-Z]/.test(key)
      ? `on${key
          .slice(2)
          .replace(/^Upload/, 'upload-')
          .toLowerCase()}`
      : key
  return Object.fromEntries(Object.entries(props).map(([key, value]) => [name(key), value]))
}
