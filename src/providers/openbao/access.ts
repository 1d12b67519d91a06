import { hash } from "node:crypto";
import { defined, errorText, PodtrustError, shellWord } from "../../core/base/index.ts";
import { readBoundedText } from "../../core/files/index.ts";
import { apiBase } from "../../core/http/index.ts";
import {
  type ConsentEnvironment,
  credentialVariable,
  firstVariable,
  requireConsentTo,
} from "../../core/credentials/index.ts";

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
const addressVariables = ["BAO_ADDR", "VAULT_ADDR"] as const;

const maxCa = 256 * 1024;

const originOf = (url: string): string | undefined => (URL.canParse(url) ? new URL(url).origin : undefined);

/** Whether two URLs are of one scheme, host and port. */
export function isOriginOf(url: string, address: string): boolean {
  return originOf(url) !== undefined && originOf(url) === originOf(address);
}

/** What is to be sent to a server, and where that would rather be said. */
interface Sending {
  readonly credential: "openbao-token" | "workload-token";
  readonly what: string;
}

/**
 * The environment names a server and the token for it, as it does for `bao`. A config may come from somebody else, and names
 * a server only: so what is worth something elsewhere goes to the server that the environment names, and to another after a
 * person's yes. Throws `credential-elsewhere`.
 */
async function requireNamed(
  { credential, what }: Sending,
  { address, ca }: OpenBaoAccess,
  environment: ConsentEnvironment,
): Promise<void> {
  const named = firstVariable(addressVariables, environment.env);
  if (named !== undefined && isOriginOf(named.value, address)) return;
  const where =
    named === undefined ? "neither BAO_ADDR nor VAULT_ADDR is set" : `${named.name} names another`;
  const authority =
    ca === undefined ? "the public roots vouch" : `a CA with SHA-256 ${hash("sha256", ca)} vouches`;
  await requireConsentTo(
    {
      credential,
      what,
      to: `${address}, for which ${authority}`,
      why: `the config's OpenBao is none that the environment names (${where})`,
      instead: `If it is for that server, set ${named?.name ?? "BAO_ADDR"}=${shellWord(address)}.`,
    },
    environment,
  );
}

/** The same of a token of the cluster for this audience. Throws `credential-elsewhere`. */
export function requireNamedServer(
  server: OpenBaoAccess,
  audience: string,
  environment: ConsentEnvironment,
): Promise<void> {
  const what = `a ServiceAccount's token for the audience ${audience}`;
  return requireNamed({ credential: "workload-token", what }, server, environment);
}

async function tokenFor(server: OpenBaoAccess, environment: ConsentEnvironment): Promise<string | undefined> {
  const from = credentialVariable(environment.env, "openbao-token");
  if (from === undefined) return undefined;
  await requireNamed({ credential: "openbao-token", what: from.name }, server, environment);
  const { name, value: token } = from;
  // What cannot be sent in a header is no token, and must not be quoted either.
  if (/^[!-~]{1,4096}$/u.test(token)) return token;
  throw new PodtrustError(
    "openbao-token-refused",
    `what ${name} holds is no token of OpenBao's: it is ${token.length} characters long, or has spaces in it`,
  );
}

/** A token goes over the wire with every request: in the clear it goes to this machine alone. */
function checkedAddress(address: string): string {
  const base = apiBase(address);
  if (base !== undefined) return base;
  throw new PodtrustError(
    "usage",
    `${address} is no https URL of a server, nor an http URL of this machine`,
    {
      next: "Correct openbao.address in the config: https://bao.example.com:8200, for example.",
    },
  );
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

/** A server without a token, as a login needs it. Throws `usage`. */
export async function openbaoServer(endpoint: OpenBaoEndpoint): Promise<OpenBaoAccess> {
  const address = checkedAddress(endpoint.address);
  const ca = endpoint.caFile === undefined ? undefined : await caText(endpoint.caFile);
  return { address, ...defined({ ca }) };
}

/**
 * A server with the environment's token. Throws `usage`, `credential-elsewhere` where the environment names no server or
 * another and nobody agreed, and `openbao-token-refused` for what cannot be a token.
 */
export async function openbaoAccess(
  endpoint: OpenBaoEndpoint,
  environment: ConsentEnvironment,
): Promise<OpenBaoAccess> {
  const server = await openbaoServer(endpoint);
  return { ...server, ...defined({ token: await tokenFor(server, environment) }) };
}
