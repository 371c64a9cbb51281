import { escapeHtml } from '@kinora/common/html'
import type { MailText } from './mail-templates.ts'

const FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"

/** Renders a mail as plain text and as HTML. */
export function renderMail(mail: MailText): { subject: string; text: string; html: string } {
  return { subject: mail.subject, text: renderText(mail), html: renderHtml(mail) }
}

/** Renders plain text; the link is on a line of its own, so that no program breaks it. */
function renderText({ greeting, paragraphs, button, note }: MailText): string {
  const link = button ? [`${button.label}:\n${button.url}`] : []
  return `${[greeting, ...paragraphs, ...link, note, '-- \nKinora'].join('\n\n')}\n`
}

/**
 * Renders HTML that all mail programs support: tables, styles on the elements, no images, no scripts. Programs with dark mode
 * get its colours by class; programs that invert colours by themselves get a plain page.
 */
function renderHtml({ subject, greeting, paragraphs, button, note }: MailText): string {
  const body = [greeting, ...paragraphs].map((text) => paragraph(text)).join('')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${escapeHtml(subject)}</title>
<style>
:root { color-scheme: light dark; }
@media (prefers-color-scheme: dark) {
  .page { background: #17181c !important; }
  .card { background: #23252b !important; border-color: #3a3d45 !important; }
  .text { color: #eceef2 !important; }
  .note { color: #a6abb6 !important; }
}
</style>
</head>
<body class="page" style="margin:0;padding:0;background:#f3f4f6">
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:#f3f4f6">
<tr><td align="center" style="padding:32px 16px">
<table role="presentation" class="card" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:520px;background:#ffffff;border:1px solid #dfe2e8;border-radius:8px">
<tr><td style="padding:32px">
<h1 class="text" style="margin:0 0 24px;${FONT};font-size:20px;line-height:28px;color:#17181c">${escapeHtml(subject)}</h1>
${body}${button ? linkButton(button) : ''}<p class="note" style="margin:24px 0 0;${FONT};font-size:13px;line-height:20px;color:#5b616e">${escapeHtml(note)}</p>
</td></tr>
</table>
<p class="note" style="margin:16px 0 0;${FONT};font-size:12px;line-height:18px;color:#5b616e">Kinora</p>
</td></tr>
</table>
</body>
</html>
`
}

function paragraph(text: string): string {
  return `<p class="text" style="margin:0 0 16px;${FONT};font-size:15px;line-height:24px;color:#17181c">${escapeHtml(text)}</p>\n`
}

/** Also prints the URL, for readers who open the link on another device. */
function linkButton({ label, url }: { label: string; url: string }): string {
  const href = escapeHtml(url)
  return `<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:8px 0 16px"><tr>
<td bgcolor="#3046c5" style="border-radius:6px"><a href="${href}" style="display:inline-block;padding:12px 20px;${FONT};font-size:15px;line-height:20px;font-weight:600;color:#ffffff;text-decoration:none">${escapeHtml(label)}</a></td>
</tr></table>
<p class="note" style="margin:0;${FONT};font-size:13px;line-height:20px;color:#5b616e;word-break:break-all">${href}</p>
`
}
