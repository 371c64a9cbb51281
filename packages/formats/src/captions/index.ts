export { CaptionsError, readCaptions, readCaptionsInTurns } from './read-captions.ts'
