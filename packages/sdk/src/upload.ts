import { openSource } from '#source'
import { KinoraError } from './errors.ts'
import { ResumableUpload, type UploadState, type UrlStorage } from './resumable-upload.ts'
import type { UploadSource } from './source.ts'
import type { CreateVideo, Video } from './types.ts'

export interface UploadProgress {
  sent: number
  total: number
  percent: number
}

export interface UploadOptions extends Partial<CreateVideo> {
  /** An existing video that waits for its source; without it a video is created, with the other fields. */
  videoId?: string
  /** Name of the file; that of the `File` or path unless given. */
  filename?: string
  contentType?: string
  /** Bytes, for streams, which do not tell. */
  size?: number
  /** Bytes that one request sends at most, for proxies that limit bodies. */
  chunkSize?: number
  onProgress?: (progress: UploadProgress) => void
  onState?: (state: UploadState) => void
  /** Ends the call; the same file uploaded again continues where it was, if the storage remembers it. */
  signal?: AbortSignal
  /** Remembers unfinished uploads: `localStorage` in browsers, nothing in Node unless given (`FileUrlStorage` of tus-js-client). */
  storage?: UrlStorage
}

interface UploadApi {
  endpoint: string
  authorization(refusal?: KinoraError): Promise<Record<string, string>>
  /** Whether an upload can be continued. */
  isAlive(url: string, signal?: AbortSignal): Promise<boolean>
  create(fields: CreateVideo, signal?: AbortSignal): Promise<Video>
  get(id: string, signal?: AbortSignal): Promise<Video>
}

const STREAM_CHUNK_BYTES = 8 * 1024 * 1024

/** Uploads a source, for a new video or one that waits for it, and returns the video. */
export async function uploadVideo(api: UploadApi, source: UploadSource, options: UploadOptions): Promise<Video> {
  const { videoId, filename, contentType, size, chunkSize, onProgress, onState, signal, storage, ...fields } = options
  signal?.throwIfAborted()
  const { file, name = filename, type = contentType, isStream = false, tus } = await openSource(source)
  if (isStream && size === undefined) throw new TypeError('The length of a stream is unknown: give its size in bytes')
  const title = fields.title ?? filename ?? name ?? 'Untitled'
  const shown = {
    ...((filename ?? name) && { filename: filename ?? name }),
    ...((contentType ?? type) && { filetype: contentType ?? type }),
  }
  const metadata: Record<string, string> = { title, ...shown }
  const upload = new ResumableUpload(file, {
    endpoint: api.endpoint,
    headers: api.authorization,
    metadata,
    ...(chunkSize || isStream ? { chunkSize: chunkSize ?? STREAM_CHUNK_BYTES } : {}),
    onProgress: (sent, total) => onProgress?.({ sent, total, percent: (100 * sent) / total }),
    ...(onState && { onState }),
    tus: { ...tus, ...(size !== undefined && { uploadSize: size }), ...(storage && { urlStorage: storage }) },
  })
  if (videoId !== undefined) metadata.videoId = videoId
  else if (isStream || !(await upload.resumePrevious((url) => api.isAlive(url, signal)))) {
    // The fields that an upload cannot carry go into the video before it.
    if (Object.keys(fields).some((field) => field !== 'title')) {
      metadata.videoId = (await api.create({ ...fields, title }, signal)).id
    }
  }
  const abort = () => void upload.cancel(signal?.reason)
  signal?.addEventListener('abort', abort, { once: true })
  try {
    upload.start()
    const finished = await upload.finished
    const id = finished.videoId ?? metadata.videoId
    if (id === undefined) throw new KinoraError('The server named no video', { code: 'UNEXPECTED_ANSWER' })
    return await api.get(id, signal)
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}
