/** The kinds of values in RFC 8216 section 4.2, each as its whole text must look. */
const FORMS = {
  integer: /^\d{1,20}$/,
  float: /^\d+(?:\.\d+)?$/,
  quoted: /^"[^"\r\n]*"$/,
  enumerated: /^[^",\s]+$/,
  resolution: /^\d+x\d+$/,
} as const

/** Sections 4.3.2.5, 4.3.4.1, 4.3.4.2, 4.3.4.3: the kind that each attribute must be of. */
const KINDS: Record<string, keyof typeof FORMS> = {
  URI: 'quoted',
  BYTERANGE: 'quoted',
  TYPE: 'enumerated',
  'GROUP-ID': 'quoted',
  LANGUAGE: 'quoted',
  NAME: 'quoted',
  DEFAULT: 'enumerated',
  AUTOSELECT: 'enumerated',
  FORCED: 'enumerated',
  CHARACTERISTICS: 'quoted',
  CHANNELS: 'quoted',
  BANDWIDTH: 'integer',
  'AVERAGE-BANDWIDTH': 'integer',
  CODECS: 'quoted',
  RESOLUTION: 'resolution',
  'FRAME-RATE': 'float',
  AUDIO: 'quoted',
  SUBTITLES: 'quoted',
  'CLOSED-CAPTIONS': 'enumerated',
}

export type Attributes = Record<string, string>

/** Reads `NAME=value,…` as section 4.2 allows it and no laxer; quotes are taken off. Throws at anything else. */
export function parseAttributes(text: string): Attributes {
  const attributes: Attributes = {}
  let rest = text
  for (;;) {
    const [whole = '', name = '', value = ''] = /^([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s]+)/.exec(rest) ?? []
    if (name === '') throw new Error(`Not an attribute list: ${text}`)
    if (name in attributes) throw new Error(`${name} stands twice in ${text}`)
    const kind = KINDS[name]
    if (!kind) throw new Error(`RFC 8216 has no attribute ${name}`)
    if (!FORMS[kind].test(value)) throw new Error(`${name} is not of the kind ${kind}: ${value}`)
    attributes[name] = kind === 'quoted' ? value.slice(1, -1) : value
    rest = rest.slice(whole.length)
    if (rest === '') return attributes
    if (!rest.startsWith(',')) throw new Error(`Not an attribute list: ${text}`)
    rest = rest.slice(1)
  }
}
