/** What is done to the HTML that VitePress writes: who may be spoken to, and where the old addresses lead. */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path/posix";

/**
 * A page that loads only its own files and connects to no host (Content Security Policy 3): what is pasted
 * into it cannot leave. A policy stays with the document while its reader goes from page to page, so every
 * page has it.
 */
export function withPolicy(html: string): string {
  const inline = [...html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([^]*?)<\/script>/gu)];
  const hashes = inline.map(
    ([, text = ""]) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`,
  );
  const policy = [
    "default-src 'none'",
    `script-src 'self' ${[...new Set(hashes)].join(" ")}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "connect-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return html.replace("<head>", `<head>\n<meta http-equiv="Content-Security-Policy" content="${policy}">`);
}

/** A page of each old address that leads to the new one, also without JavaScript. */
export function writeRedirects(folder: string, redirects: Readonly<Record<string, string>>): void {
  for (const [from, to] of Object.entries(redirects)) {
    const target = `${relative(dirname(from), to)}.html`;
    const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Moved</title>
<link rel="icon" href="data:,">
<link rel="canonical" href="${target}">
<meta http-equiv="refresh" content="0; url=${target}">
</head>
<body><p>This page is now <a href="${target}">${to}</a>.</p></body>
</html>
`;
    mkdirSync(dirname(join(folder, `${from}.html`)), { recursive: true });
    writeFileSync(join(folder, `${from}.html`), html);
  }
}
