import { closeSync, openSync, readSync } from 'node:fs'
import type { HostileFile } from './hostile-file.ts'
import { written } from './making.ts'

const ELF_BYTES = 65_536

/** Files that are not a single media file; some refer to other files, which must not be opened. */
export const NOT_MEDIA: HostileFile[] = [
  written('an ffconcat script', 'SOURCE_UNSUPPORTED', (s) => `ffconcat version 1.0\nfile 'file:${s.secretPath}'\n`),
  written('an HLS playlist of a file', 'SOURCE_UNSUPPORTED', (s) => playlist(`file://${s.secretPath}`)),
  written('an HLS playlist of an address', 'SOURCE_UNSUPPORTED', (s) => playlist(s.secretUrl)),
  written('a DASH manifest', 'SOURCE_CORRUPT', (s) => manifest(s.secretUrl)),
  written('an SDP', 'SOURCE_UNSUPPORTED', () =>
    ['v=0', 'o=- 0 0 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0', 'm=video 5004 RTP/AVP 96', ''].join(
      '\r\n',
    ),
  ),
  written('an XSPF playlist', 'SOURCE_CORRUPT', (s) => {
    const track = `<track><location>${s.secretUrl}</location></track>`
    return `<?xml version="1.0"?><playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList>${track}</trackList></playlist>`
  }),
  written('an SVG with an external entity', 'SOURCE_CORRUPT', (s) => {
    const doctype = `<!DOCTYPE svg [<!ENTITY x SYSTEM "file://${s.secretPath}">]>`
    return `<?xml version="1.0"?>${doctype}<svg xmlns="http://www.w3.org/2000/svg"><text>&x;</text></svg>`
  }),
  written('a page', 'SOURCE_CORRUPT', (s) => `<!doctype html><img src="${s.secretUrl}"><script>alert(1)</script>`),
  written('subtitles', 'SOURCE_UNSUPPORTED', () => '1\n00:00:00,000 --> 00:00:01,000\nHello\n\n'.repeat(50)),
  written('a shell script', 'SOURCE_CORRUPT', () => '#!/bin/sh\ntouch /tmp/kinora-was-here\n'),
  written('a ZIP archive', 'SOURCE_CORRUPT', () =>
    Buffer.concat([Buffer.from('PK\x03\x04\x14\0\0\0'), Buffer.alloc(9000, 'z')]),
  ),
  written('a program', 'SOURCE_CORRUPT', () => firstBytes(process.execPath, ELF_BYTES)),
  written('nothing', 'SOURCE_CORRUPT', () => ''),
  written('a megabyte of zeros', 'SOURCE_CORRUPT', () => Buffer.alloc(1024 * 1024)),
  written('noise', 'SOURCE_CORRUPT', () => Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * i * 31) % 251))),
]

function playlist(uri: string): string {
  return `#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n${uri}\n#EXT-X-ENDLIST\n`
}

function manifest(url: string): string {
  const set = `<AdaptationSet><Representation id="1" bandwidth="1"><BaseURL>${url}</BaseURL></Representation></AdaptationSet>`
  return `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S"><Period>${set}</Period></MPD>`
}

function firstBytes(path: string, count: number): Buffer {
  const file = openSync(path, 'r')
  const bytes = Buffer.alloc(count)
  readSync(file, bytes)
  closeSync(file)
  return bytes
}
