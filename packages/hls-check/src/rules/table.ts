/**
 * The rules of a complete HLS presentation of fragmented MP4, and the section each comes from. The number of a rule is
 * never reused, because reports and error messages contain it.
 */
export const RULES = {
  'HLS-01': {
    says: 'Every playlist begins with #EXTM3U, is UTF-8, and its tags are well-formed',
    source: 'RFC 8216 4.1, 4.2',
  },
  'HLS-02': { says: 'Every playlist is named or served as one', source: 'RFC 8216 4' },
  'HLS-03': { says: 'EXT-X-VERSION is at least what the tags of the playlist need', source: 'RFC 8216 7' },
  'HLS-04': { says: 'Every file that a playlist names can be fetched and is not empty', source: 'RFC 8216 6.2.1' },
  'HLS-05': {
    says: 'EXT-X-TARGETDURATION is present, the same everywhere, and no EXTINF is longer',
    source: 'RFC 8216 4.3.3.1, 6.2.4',
  },
  'HLS-06': { says: 'EXT-X-PLAYLIST-TYPE is VOD', source: 'RFC 8216 4.3.3.5, 6.2.4' },
  'HLS-07': { says: 'EXT-X-ENDLIST ends every media playlist', source: 'RFC 8216 4.3.3.4' },
  'HLS-08': {
    says: 'EXT-X-INDEPENDENT-SEGMENTS is in the master or in every video playlist',
    source: 'RFC 8216 4.3.5.1',
  },
  'HLS-09': {
    says: 'EXT-X-MAP names a readable initialisation segment for every segment',
    source: 'RFC 8216 3.3, 4.3.2.5',
  },
  'HLS-10': { says: 'Every segment is whole and well-formed fragmented MP4', source: 'RFC 8216 3.3' },
  'HLS-11': {
    says: 'EXT-X-STREAM-INF has BANDWIDTH, AVERAGE-BANDWIDTH, CODECS, RESOLUTION, FRAME-RATE, and names groups that exist',
    source: 'RFC 8216 4.3.4.2',
  },
  'HLS-12': {
    says: 'BANDWIDTH is at least the peak bit rate of the rendition and its audio',
    source: 'RFC 8216 4.1, 4.3.4.2',
  },
  'HLS-13': { says: 'AVERAGE-BANDWIDTH is the measured average, within a tenth', source: 'RFC 8216 4.3.4.2' },
  'HLS-14': {
    says: 'CODECS names exactly the codecs of the initialisation segments',
    source: 'RFC 8216 4.3.4.2, 6.2.4',
  },
  'HLS-15': { says: 'Every video segment begins with a sync sample', source: 'RFC 8216 3, 4.3.5.1' },
  'HLS-16': { says: 'Each segment begins at the decode time at which the one before it ends', source: 'RFC 8216 3' },
  'HLS-17': { says: 'EXTINF, each and in sum, is right to a frame', source: 'RFC 8216 4.3.2.1' },
  'HLS-18': {
    says: 'All video renditions are cut at the same times; in the first 20 seconds some may have further cuts',
    source: 'RFC 8216 6.2.4',
  },
  'HLS-19': { says: 'All renditions of one frame rate have all frames', source: 'RFC 8216 6.2.4' },
  'HLS-20': { says: 'Audio and video have the same length, to a frame of each', source: 'RFC 8216 6.2.4' },
  'HLS-21': {
    says: 'An I-frame playlist gives the range of each key frame, and the time until the next',
    source: 'RFC 8216 4.3.3.6',
  },
  'HLS-22': { says: 'Every file is byte for byte what the encoder wrote', source: 'the passport' },
  'HLS-23': {
    says: 'The first frame and the first audio are at 0, each to a frame of its own',
    source: 'players that stall or skip where one is missing',
  },
  'HLS-24': {
    says: 'The last of several segments lasts at least half a second',
    source: 'players that stall before a short last segment',
  },
  'HLS-25': {
    says: 'Members of a group have different names, and at most one is the default and one per language and role autoselected',
    source: 'RFC 8216 4.3.4.1, 4.3.4.1.1',
  },
} as const satisfies Record<string, { says: string; source: string }>

export type RuleId = keyof typeof RULES
