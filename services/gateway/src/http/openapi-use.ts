import type { Route } from '../routes/route.ts'

/** What it does beyond its summary, who may call it, what is counted, and whether it may be sent again. */
export function describeUse(route: Route): string {
  const { description, idempotent } =
    'rpc' in route ? route.rpc : { ...route, idempotent: route.method === 'get' || route.method === 'head' }
  const again = idempotent && 'Safe to repeat when the answer was lost.'
  const use = [whoMay(route), counted(route), again].filter(Boolean).join(' ')
  return description ? `${description}\n\n${use}` : use
}

function whoMay({ auth, scope }: Route): string {
  const orKey = scope ? ` or an API key with the scope \`${scope}\`` : ''
  const noKey = scope ? '' : ' API keys are refused.'
  switch (auth) {
    case 'none':
      return 'Needs no access token.'
    case 'optional':
      return `Takes an access token${orKey}, but works without.${noKey}`
    case 'required':
      return `Needs an access token${orKey}.${noKey}`
    case 'admin':
      return `Needs an access token of an administrator${orKey}.${noKey}`
  }
}

function counted(route: Route): string {
  if (route.limit === 'none') return 'Not rate limited.'
  const field = 'rpc' in route && route.countedBy ? ` and by \`${route.countedBy}\`` : ''
  return `Rate limit \`${route.limit}\`, counted by caller${field}.`
}
