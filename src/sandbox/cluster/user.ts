import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import { defined } from "../../core/base/index.ts";
import { parseJws, parseSubject } from "../../rules/oidc/index.ts";
import type { SigningKeys } from "./keys.ts";
import type { Objects } from "./objects.ts";

/** The caller. */
export interface User {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
}

export interface Authentication {
  readonly issuer: string;
  readonly keys: SigningKeys;
  readonly objects: Objects;
  /** Seconds since the epoch. */
  readonly now: () => number;
  readonly anonymousAuth: boolean;
}

const anonymous: User = { username: "system:anonymous", groups: ["system:unauthenticated"] };

function authenticated(username: string, groups: readonly string[], uid?: string): User {
  return { username, groups: [...groups, "system:authenticated"], ...defined({ uid }) };
}

// authentication by x509: CN is the user, each O a group (k8s.io/apiserver pkg/authentication/request/x509).
function byCertificate(socket: TLSSocket): User | undefined {
  if (!socket.authorized) return undefined;
  const { subject } = socket.getPeerCertificate() as { subject?: Record<string, string | string[]> };
  const name = subject?.["CN"];
  return typeof name === "string" ? authenticated(name, [subject?.["O"] ?? []].flat()) : undefined;
}

function claimedUid(claims: Readonly<Record<string, unknown>>): unknown {
  const own = claims["kubernetes.io"] as { serviceaccount?: { uid?: unknown } } | undefined;
  return own?.serviceaccount?.uid;
}

function byToken(token: string, { issuer, keys, objects, now }: Authentication): User | undefined {
  const jws = parseJws(token);
  const { iss, sub, aud, exp, nbf } = jws.claims;
  // --api-audiences is the issuer unless set.
  const current = Number(exp) > now() && Number(nbf) <= now();
  if (!keys.verifies(jws) || iss !== issuer || ![aud].flat().includes(issuer) || !current) return undefined;
  const account = parseSubject(String(sub));
  if (account === undefined) return undefined;
  const kept = objects.findAccount(account.namespace, account.name);
  // A ServiceAccount recreated under the same name is another one.
  if (kept === undefined || kept.uid !== claimedUid(jws.claims)) return undefined;
  const groups = ["system:serviceaccounts", `system:serviceaccounts:${account.namespace}`];
  return authenticated(String(sub), groups, kept.uid);
}

/** The caller, or undefined for 401. */
export function authenticate(incoming: IncomingMessage, authentication: Authentication): User | undefined {
  const user = byCertificate(incoming.socket as TLSSocket);
  if (user !== undefined) return user;
  const { authorization } = incoming.headers;
  if (authorization === undefined) return authentication.anonymousAuth ? anonymous : undefined;
  const token = /^Bearer +(\S+)$/iu.exec(authorization)?.[1];
  if (token === undefined) return undefined;
  try {
    return byToken(token, authentication);
  } catch {
    return undefined;
  }
}
