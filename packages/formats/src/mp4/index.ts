export { type Box, boxesIn, findBox, readBoxHeader } from './boxes.ts'
export { type InitSegment, mainTrack, readInitSegment, type Track } from './init-segment.ts'
export { readSegment, type Segment } from './segment.ts'
