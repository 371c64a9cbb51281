import type { Findings } from '../findings.ts'
import type { Rendition } from '../measure-rendition.ts'

/** Seconds of rounding error. */
const EPSILON = 1e-6
/** Seconds, less than any frame: renditions may have different timescales. */
const SAME_INSTANT = 1e-3

function secondsOf({ segments }: Rendition): number {
  return segments.reduce((sum, { seconds }) => sum + seconds, 0)
}

function framesOf({ segments }: Rendition): number {
  return segments.reduce((sum, { samples }) => sum + samples, 0)
}

/** The average duration of a frame of video or audio, in seconds. */
function frameSeconds(rendition: Rendition): number {
  return secondsOf(rendition) / framesOf(rendition)
}

/** Rules for one rendition. `startsAt`: the decode time of its first sample in seconds, where it is known. */
export function checkRendition(findings: Findings, rendition: Rendition, startsAt: number | undefined): void {
  const { name, segments, kind } = rendition
  let end = startsAt ?? segments[0]?.start ?? 0
  segments.forEach(({ start, seconds, discontinuity, startsWithSync }, index) => {
    const where = `${name}, segment ${index}`
    const follows = discontinuity || Math.abs(start - end) < EPSILON
    findings.check('HLS-16', follows, `${where} begins at ${start} s, not ${end} s`)
    if (kind === 'video') findings.check('HLS-15', startsWithSync, where)
    end = start + seconds
  })
  checkLengths(findings, rendition)
}

function checkLengths(findings: Findings, rendition: Rendition): void {
  const unit = frameSeconds(rendition) + EPSILON
  let drift = 0
  rendition.segments.forEach(({ extinf, seconds }, index) => {
    drift += extinf - seconds
    const right = Math.abs(extinf - seconds) <= unit && Math.abs(drift) <= unit
    const where = `${rendition.name}, segment ${index} says ${extinf} s, lasts ${seconds} s`
    findings.check('HLS-17', right, `${where}; all until its end are off by ${drift.toFixed(6)} s`)
  })
}

/** Players wait for what is missing at the beginning, and skip ahead or stop where the two begin apart. */
export function checkBeginning(findings: Findings, rendition: Rendition): void {
  const [first] = rendition.segments
  if (!first) return
  const right = Math.abs(first.shownAt) <= frameSeconds(rendition) + EPSILON
  findings.check('HLS-23', right, `${rendition.name} begins at ${first.shownAt} s`)
}

/** Seconds. */
const MIN_LAST_SECONDS = 0.5

/** Frames of audio do not end with those of video. */
export function checkEnd(findings: Findings, rendition: Rendition): void {
  const { name, segments, kind } = rendition
  const last = segments.at(-1)
  if (!last || segments.length === 1) return
  const least = MIN_LAST_SECONDS - (kind === 'audio' ? frameSeconds(rendition) : 0) - EPSILON
  findings.check('HLS-24', last.seconds >= least, `the last segment of ${name} lasts ${last.seconds} s`)
}

/** Seconds at the beginning, in which one rendition may be cut more often than another. */
const BEGINNING_SECONDS = 20

/**
 * A player switches renditions between segments, so segments of all renditions must begin and end together. In the first
 * seconds some may be cut more often, as a viewer waits for the first segment; each cut of the others is one of theirs, too.
 */
export function checkSameCuts(findings: Findings, videos: readonly Rendition[]): void {
  const [finest] = videos.toSorted((one, other) => other.segments.length - one.segments.length)
  if (!finest) return
  const cuts = endsOf(finest)
  for (const other of videos.filter((one) => one !== finest)) {
    const ends = endsOf(other)
    const needed = cuts.filter((cut, at) => cut >= BEGINNING_SECONDS || at === cuts.length - 1)
    const same = haveAll(cuts, ends) && haveAll(ends, ends.length < cuts.length ? needed : cuts)
    findings.check('HLS-18', same, `${other.name} is not cut where ${finest.name} is`)
  }
}

/** Both ascend. */
function haveAll(times: readonly number[], wanted: readonly number[]): boolean {
  let at = 0
  return wanted.every((time) => {
    while ((times[at] ?? Number.POSITIVE_INFINITY) < time - SAME_INSTANT) at += 1
    return Math.abs((times[at] ?? Number.POSITIVE_INFINITY) - time) < SAME_INSTANT
  })
}

function endsOf({ segments }: Rendition): number[] {
  return segments.map(({ start, seconds }) => start + seconds)
}

/** Every rendition must have `expected` frames; without it, renditions of one frame rate must have the same number. */
export function checkFrames(findings: Findings, videos: readonly Rendition[], expected: number | undefined): void {
  const counts = new Map<string, number>()
  for (const rendition of videos) {
    const rate = (1 / frameSeconds(rendition)).toFixed(1)
    const frames = framesOf(rendition)
    const wanted = expected ?? counts.get(rate) ?? frames
    counts.set(rate, wanted)
    findings.check('HLS-19', frames === wanted, `${rendition.name} has ${frames} frames, not ${wanted}`)
  }
}

export function checkSameLength(findings: Findings, videos: readonly Rendition[], audios: readonly Rendition[]): void {
  for (const audio of audios) {
    for (const video of videos.slice(0, 1)) {
      const difference = Math.abs(secondsOf(audio) - secondsOf(video))
      const allowed = frameSeconds(audio) + frameSeconds(video) + EPSILON
      findings.check('HLS-20', difference <= allowed, `${audio.name} and ${video.name} differ by ${difference} s`)
    }
  }
}
