import { PodtrustError } from "../base/index.ts";

/** One rule of curl's --connect-to: requests for host:port go to address:toPort instead; names and TLS stay as asked. */
export interface ConnectTo {
  /** The host of the request's URL; empty means any. */
  readonly host: string;
  /** The port of the request's URL; undefined means any. */
  readonly port: number | undefined;
  /** Where to connect; empty means the host that was asked for. */
  readonly address: string;
  /** The port to connect to; undefined means the one that was asked for. */
  readonly toPort: number | undefined;
}

// host and address may be IPv6 literals in brackets, which contain colons.
const shape = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]*):(\d*):(\[[0-9a-fA-F:.]+\]|[^:[\]]*):(\d*)$/;

function port(text: string, whole: string): number | undefined {
  if (text === "") return undefined;
  const number = Number(text);
  if (number >= 1 && number <= 65_535) return number;
  throw new PodtrustError("usage", `--connect-to ${whole}: ${text} is not a port`, {
    next: "Ports run from 1 to 65535.",
  });
}

function unbracket(host: string): string {
  return host.startsWith("[") ? host.slice(1, -1) : host;
}

/** Reads `host:port:address:port` as curl does: an empty host or port means any. Throws `usage`. */
export function parseConnectTo(text: string): ConnectTo {
  const match = shape.exec(text);
  if (match === null) {
    throw new PodtrustError("usage", `--connect-to ${text}: not of the form host:port:address:port`, {
      next: "For example --connect-to oidc.example.com:443:127.0.0.1:8443; an empty host means any.",
    });
  }
  const [, host = "", from = "", address = "", to = ""] = match;
  return {
    host: unbracket(host).toLowerCase(),
    port: port(from, text),
    address: unbracket(address),
    toPort: port(to, text),
  };
}

/** Where a request for `host`:`port` really connects: by the first rule that fits, else as asked. */
export function connectTarget(
  rules: readonly ConnectTo[],
  host: string,
  asked: number,
): { host: string; port: number } {
  const rule = rules.find(
    (r) => (r.host === "" || r.host === host.toLowerCase()) && (r.port === undefined || r.port === asked),
  );
  if (rule === undefined) return { host, port: asked };
  return { host: rule.address === "" ? host : rule.address, port: rule.toPort ?? asked };
}
