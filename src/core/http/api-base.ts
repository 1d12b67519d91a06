import { isLoopback } from "./loopback.ts";

/**
 * Whether a credential may be sent to a URL: by https, or in the clear to this machine alone. It says a place and no more:
 * no user, no query, no fragment.
 */
export function mayGetCredential(url: URL | null): url is URL {
  if (url === null || url.username + url.password + url.search + url.hash !== "") return false;
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname));
}

/** The base URL of an API that is sent a credential, without a slash at its end; undefined for one that may not get it. */
export function apiBase(text: string): string | undefined {
  const url = URL.parse(text);
  return mayGetCredential(url) ? `${url.origin}${url.pathname.replace(/\/$/u, "")}` : undefined;
}
