import { ERRORS, type ErrorCode } from '@kinora/common/errors'
import { escapeHtml } from '@kinora/common/html'
import { TEXTS } from './texts.ts'

export const PROBLEMS_PATH = '/docs/problems'

const CODES = Object.keys(ERRORS) as ErrorCode[]

/** Every code with its meaning, its usual cause and what to do, under an anchor that the `type` of a problem names. */
export function problemsPage(): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Problems · Kinora API</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Problems</h1>
<p>Every error is <code>application/problem+json</code> with a stable <code>code</code>; its <code>type</code> is an address on this
page. <a href="/docs">API reference</a> · <a href="${PROBLEMS_PATH}.md">as Markdown</a></p>
${CODES.map(section).join('\n')}
</main>
</body>
</html>
`
}

function section(code: ErrorCode): string {
  const { status, title } = ERRORS[code]
  const [cause, remedy] = TEXTS[code]
  return `<section id="${code}">
<h2><a href="#${code}">${code}</a></h2>
<p><strong>${escapeHtml(title)}.</strong> Status ${status}${retryNote(code)}.</p>
<p>${inHtml(cause)}</p>
<p>${inHtml(remedy)}</p>
</section>`
}

function inHtml(text: string): string {
  return escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>')
}

/** The same for programs that read. */
export function problemsMarkdown(): string {
  const sections = CODES.map((code) => {
    const { status, title } = ERRORS[code]
    return `## ${code}\n\n**${title}.** Status ${status}${retryNote(code)}.\n\n${TEXTS[code].join('\n\n')}\n`
  })
  return ['# Problems\n', ...sections].join('\n')
}

function retryNote(code: ErrorCode): string {
  return 'retryable' in ERRORS[code] ? '; the same request may succeed later' : ''
}

const STYLE = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 44rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
h2 { margin: 0; font-size: 1.1rem; }
h2 a { color: inherit; text-decoration: none; }
section { padding: 0.5rem 0.75rem; margin: 0.75rem 0; border-inline-start: 3px solid transparent; scroll-margin-top: 1rem; }
section:target { border-color: #0a6ebd; background: color-mix(in srgb, #0a6ebd 12%, transparent); }
p { margin: 0.4rem 0; }
`
