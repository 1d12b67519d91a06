import { isCaUrl } from "./url.ts";

const most = 5;

/** The targets of `rel="alternate"` in a Link header (RFC 8555 §7.4.2, RFC 8288). */
export function alternateLinks(header: string | undefined, base: string): readonly string[] {
  const links = (header ?? "").slice(0, 8192).matchAll(/<([^<>]*)>([^<]*)/gu);
  return [...links]
    .filter(([, , parameters = ""]) => /;\s*rel="?alternate"?/iu.test(parameters))
    .flatMap(([, target = ""]) => (URL.canParse(target, base) ? new URL(target, base).href : []))
    .filter(isCaUrl)
    .slice(0, most);
}
