import { PodtrustError } from "../base/index.ts";

const loopback = /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/u;

/** Whether this is a plain-HTTP URL on loopback: a CA of a test on this machine. */
export function isLoopbackHttp(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === "http:" && loopback.test(hostname);
}

/** Whether a CA may name this URL: HTTPS (RFC 8555 §6.1), or plain HTTP on loopback. */
export function isCaUrl(url: string): boolean {
  return URL.canParse(url) && (new URL(url).protocol === "https:" || isLoopbackHttp(url));
}

/** Throws `acme-directory-invalid` for a directory URL over which nothing could be trusted. */
export function checkDirectoryUrl(url: string): void {
  if (isCaUrl(url)) return;
  throw new PodtrustError("acme-directory-invalid", `${url}: a CA's directory must be an https URL`, {
    detail: { url },
  });
}
