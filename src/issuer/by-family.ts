import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { defined, errorText, hostNameOf, mapped } from "../core/base/index.ts";
import { connectTarget, egressProxyOf } from "../core/http/index.ts";
import type { IssuerRoute } from "./read.ts";
import { seeIssuer } from "./see.ts";

/** An issuer as seen over one address family, or through a company's proxy, which finds the address by itself. */
export interface FamilySight {
  readonly family: "IPv4" | "IPv6" | "the proxy";
  /** `absent`: the name has no address of it; `unseen`: this machine has no route there; `failed`: reading it failed. */
  readonly outcome: "seen" | "absent" | "unseen" | "failed";
  /** Why it failed or is not seen. */
  readonly why?: string;
  /** Of the published keys; empty if nothing was seen. */
  readonly kids: readonly string[];
}

const families = [
  ["IPv4", 4],
  ["IPv6", 6],
] as const;

/** Whether this machine has an address that may reach others over IPv6. */
function hasIpv6(): boolean {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all.some(
    ({ family, internal, address }) => family === "IPv6" && !internal && !/^fe80:/iu.test(address),
  );
}

async function addressesOf(host: string, family: 4 | 6): Promise<readonly string[]> {
  if (isIP(host) !== 0) return isIP(host) === family ? [host] : [];
  try {
    return (await lookup(host, { family, all: true })).map(({ address }) => address);
  } catch {
    // No address of this family, or no such name: the other family shows which.
    return [];
  }
}

async function seeOver(
  issuer: string,
  route: IssuerRoute,
  [family, number]: (typeof families)[number],
  signal: AbortSignal,
): Promise<FamilySight> {
  const rules = route.connectTo ?? [];
  const host = hostNameOf(issuer);
  const { port } = new URL(issuer);
  const asked = Number(port === "" ? "443" : port);
  const target = connectTarget(rules, host, asked);
  const [address] = await addressesOf(target.host, number);
  if (address === undefined) return { family, outcome: "absent", kids: [] };
  if (number === 6 && address !== "::1" && !hasIpv6())
    return { family, outcome: "unseen", why: "this machine has no IPv6", kids: [] };
  // Only the issuer's own name is pinned to the family; a JWK Set elsewhere is read over either.
  const pinned = [{ host, port: asked, address, toPort: target.port }, ...rules];
  const { why, ...sight } = await seen(issuer, { ...route, connectTo: pinned }, signal);
  return { family, ...sight, ...defined({ why: mapped(why, (text) => `${address}: ${text}`) }) };
}

type LookOutcome = Pick<FamilySight, "outcome" | "why" | "kids">;

async function seen(issuer: string, route: IssuerRoute, signal: AbortSignal): Promise<LookOutcome> {
  try {
    const { kids } = await seeIssuer(issuer, route, signal);
    return { outcome: "seen", kids };
  } catch (error) {
    signal.throwIfAborted();
    return { outcome: "failed", why: errorText(error), kids: [] };
  }
}

/**
 * An issuer as AWS reads it, over each address family separately: IPv4, then IPv6. Behind a company's proxy it is one look, through
 * that: to which address the proxy connects is not known here. Throws the signal's reason, and `http-proxy`.
 */
export async function seeByFamily(
  issuer: string,
  route: IssuerRoute,
  signal: AbortSignal,
): Promise<readonly FamilySight[]> {
  const rules = route.connectTo ?? [];
  if (egressProxyOf(issuer, rules) !== undefined)
    return [{ family: "the proxy", ...(await seen(issuer, route, signal)) }];
  return Promise.all(families.map((family) => seeOver(issuer, route, family, signal)));
}
