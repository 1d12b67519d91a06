/** A URL's host as certificates and resolvers have it: an IPv6 address without its brackets. */
export function hostName(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/u, "$1");
}

/** The same of a text; empty where it is no URL. */
export function hostNameOf(text: string): string {
  return URL.canParse(text) ? hostName(new URL(text)) : "";
}
