import type { Attributes } from '@kinora/formats/hls'
import type { Findings } from '../findings.ts'

/** Rules for the members of each rendition group: audio or subtitles that a player chooses one of. */
export function checkGroups(findings: Findings, media: readonly Attributes[]): void {
  const groupOf = (member: Attributes) => `${member.get('TYPE')} group ${member.get('GROUP-ID')}`
  for (const group of new Set(media.map(groupOf))) {
    const members = media.filter((member) => groupOf(member) === group)
    checkMembers(findings, group, members)
    checkAutoselected(findings, group, members)
  }
  for (const type of new Set(media.map((member) => member.get('TYPE')))) {
    checkSameMembers(
      findings,
      media.filter((member) => member.get('TYPE') === type),
    )
  }
}

/** What may differ between the members of one name in several groups. */
const OWN = ['GROUP-ID', 'URI', 'CHANNELS', 'INSTREAM-ID']

/** Groups of one type are encodings of the same renditions: a player keeps the chosen one when it changes the group. */
function checkSameMembers(findings: Findings, media: readonly Attributes[]): void {
  const ids = new Set(media.map((member) => member.get('GROUP-ID')))
  const [first, ...others] = [...ids].map((id) => ({
    id,
    members: media
      .filter((member) => member.get('GROUP-ID') === id)
      .map(sharedAttributes)
      .sort(),
  }))
  for (const { id, members } of others) {
    const same = members.join('\n') === first?.members.join('\n')
    findings.check('HLS-30', same, `group ${id} does not have the members of group ${first?.id}`)
  }
}

function sharedAttributes(member: Attributes): string {
  const shared = [...member].filter(([name]) => !OWN.includes(name))
  return JSON.stringify(shared.toSorted(([one], [other]) => one.localeCompare(other)))
}

function checkMembers(findings: Findings, group: string, members: readonly Attributes[]): void {
  const names = members.map((member) => member.get('NAME'))
  findings.check('HLS-25', names.every(Boolean), `${group}: a member has no NAME`)
  const repeated = names.find((name, index) => names.indexOf(name) !== index)
  findings.check('HLS-25', repeated === undefined, `${group}: several members are called ${repeated}`)
  const defaults = members.filter((member) => member.get('DEFAULT') === 'YES')
  findings.check('HLS-25', defaults.length <= 1, `${group}: ${defaults.length} members are the default`)
  const unselected = defaults.find((member) => (member.get('AUTOSELECT') ?? 'YES') !== 'YES')
  findings.check('HLS-25', !unselected, `${group}: the default member must have AUTOSELECT=YES`)
}

/** What a player goes by when it selects a member itself. */
const SELECTED_BY = ['LANGUAGE', 'ASSOC-LANGUAGE', 'FORCED', 'CHARACTERISTICS']

function checkAutoselected(findings: Findings, group: string, members: readonly Attributes[]): void {
  const selected = members.filter((member) => member.get('AUTOSELECT') === 'YES')
  const kinds = selected.map((member) => SELECTED_BY.map((attribute) => member.get(attribute) ?? '').join('|'))
  const alike = new Set(kinds).size < kinds.length
  findings.check('HLS-25', !alike, `${group}: several members of one language and role have AUTOSELECT=YES`)
}
