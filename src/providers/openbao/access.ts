import { defined, errorText, PodtrustError, type Environment } from "../../core/base/index.ts";
import { readBoundedText } from "../../core/files/index.ts";
import { isLoopback } from "../../core/http/index.ts";

/** The address of a server, and the token for it. The token goes nowhere else. */
export interface OpenBaoAccess {
  /** `https://bao.example.com:8200`, without a slash at its end. */
  readonly address: string;
  /** PEM of the certificate authority that vouches for it, in place of the public roots. */
  readonly ca?: string;
  /** Absent: only a login can be tried, which takes none. */
  readonly token?: string;
}

/** A server in the config. */
export interface OpenBaoEndpoint {
  readonly address: string;
  /** Absolute. */
  readonly caFile?: string;
}

// The names that `bao` itself reads, in its order (OpenBao, "Commands (CLI)", environment variables).
const variables = ["BAO_TOKEN", "VAULT_TOKEN"] as const;

const maxCa = 256 * 1024;

function tokenOf(env: Environment): string | undefined {
  const from = variables.find((name) => (env[name] ?? "").trim() !== "");
  if (from === undefined) return undefined;
  const token = (env[from] ?? "").trim();
  // What cannot be sent in a header is no token, and must not be quoted either.
  if (/^[!-~]{1,4096}$/u.test(token)) return token;
  throw new PodtrustError(
    "openbao-token-refused",
    `what ${from} holds is no token of OpenBao's: it is ${token.length} characters long, or has spaces in it`,
  );
}

/** A token goes over the wire with every request: in the clear it goes to this machine alone. */
function checkedAddress(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  if (url === undefined || !isSafe || url.username + url.password + url.search !== "")
    throw new PodtrustError(
      "usage",
      `${address} is no https URL of a server, nor an http URL of this machine`,
      {
        next: "Correct openbao.address in the config: https://bao.example.com:8200, for example.",
      },
    );
  return `${url.origin}${url.pathname.replace(/\/$/u, "")}`;
}

async function caText(file: string): Promise<string> {
  try {
    return await readBoundedText(file, maxCa);
  } catch (error) {
    throw new PodtrustError("usage", `openbao.caFile cannot be read: ${errorText(error)}`, {
      cause: error,
      next: "Correct openbao.caFile in the config: a PEM file with the certificate authority of the server.",
    });
  }
}

/** Throws `usage`, and `openbao-token-refused` for what cannot be a token. */
export async function openbaoAccess(endpoint: OpenBaoEndpoint, env: Environment): Promise<OpenBaoAccess> {
  const address = checkedAddress(endpoint.address);
  const ca = endpoint.caFile === undefined ? undefined : await caText(endpoint.caFile);
  return { address, ...defined({ ca, token: tokenOf(env) }) };
}
