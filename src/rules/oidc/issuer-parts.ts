/** A URL cut into its pieces without changing a character, unlike `new URL`, which rewrites host, port and path. */
export interface IssuerParts {
  /** Without `://`; empty when there is none. */
  readonly scheme: string;
  /** Without `@`; undefined when there is no `@`. */
  readonly userinfo: string | undefined;
  readonly host: string;
  /** Without `:`; undefined when there is no `:`. */
  readonly port: string | undefined;
  readonly path: string;
  /** With `?`; empty when there is none. */
  readonly query: string;
  /** With `#`; empty when there is none. */
  readonly fragment: string;
}

function splitAt(text: string, index: number): [string, string] {
  return index < 0 ? [text, ""] : [text.slice(0, index), text.slice(index)];
}

/** Cuts by RFC 3986's appendix B; never fails, and the pieces put together again give the text. */
export function issuerParts(text: string): IssuerParts {
  const [beforeFragment, fragment] = splitAt(text, text.indexOf("#"));
  const [beforeQuery, query] = splitAt(beforeFragment, beforeFragment.indexOf("?"));
  const schemeEnd = beforeQuery.indexOf("://");
  const scheme = schemeEnd < 0 ? "" : beforeQuery.slice(0, schemeEnd);
  const rest = schemeEnd < 0 ? beforeQuery : beforeQuery.slice(schemeEnd + 3);
  const [authority, path] = splitAt(rest, rest.indexOf("/"));
  const at = authority.lastIndexOf("@");
  const hostAndPort = authority.slice(at + 1);
  const [host, port] = splitAt(hostAndPort, hostAndPort.indexOf(":", hostAndPort.lastIndexOf("]") + 1));
  return {
    scheme,
    userinfo: at < 0 ? undefined : authority.slice(0, at),
    host,
    port: port === "" ? undefined : port.slice(1),
    path,
    query,
    fragment,
  };
}

/**
 * The form of an issuer that AWS accepts and that causes no surprise: no white space around it, https in lower case,
 * host in lower case, no user, port 443, query or fragment. A final slash stays, since it distinguishes two issuers; so
 * does any other port, since leaving it out would name another server.
 */
export function canonicalIssuer(text: string): string {
  const parts = issuerParts(text.trim());
  const port = parts.port?.trim() ?? "";
  const colonPort = port === "" || port === "443" ? "" : `:${port}`;
  return `https://${parts.host.toLowerCase()}${colonPort}${parts.path}`.trimEnd();
}

/** The text for a message or a log: what comes before an `@` may be a password and is left out. */
export function withoutUserinfo(text: string): string {
  const { userinfo } = issuerParts(text);
  return userinfo === undefined ? text : text.replace(`${userinfo}@`, "…@");
}
