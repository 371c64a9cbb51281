/** File name of the media playlist of a rung. */
export function renditionPlaylist(rungName: string): string {
  return `${rungName}.m3u8`
}
