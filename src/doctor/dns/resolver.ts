import { Resolver } from "node:dns/promises";
import type { MayConnect } from "../../core/http/index.ts";

/** How DNS is asked. */
export interface DnsOptions {
  /** `ADDRESS` or `ADDRESS:PORT` of the resolver that is asked in place of this machine's own. */
  readonly resolver?: string;
  /** Where the name server at an address is asked: there, on port 53, by default. */
  readonly serverAt?: (address: string) => string;
  /** Which name servers may be asked: a zone names them; all by default. */
  readonly mayConnect?: MayConnect;
  readonly signal: AbortSignal;
}

interface ResolverLimits {
  /** Milliseconds for each try. */
  readonly timeout: number;
  readonly tries: number;
}

/** Runs questions with a resolver of their own, which the signal ends. */
export async function withResolver<T>(
  server: string | undefined,
  { signal, ...limits }: ResolverLimits & Pick<DnsOptions, "signal">,
  ask: (resolver: Resolver) => Promise<T>,
): Promise<T> {
  const client = new Resolver(limits);
  if (server !== undefined) client.setServers([server]);
  const end = (): void => client.cancel();
  signal.addEventListener("abort", end, { once: true });
  try {
    return await ask(client);
  } finally {
    signal.removeEventListener("abort", end);
  }
}

/** The code by which a question failed: `ENOTFOUND`, `ESERVFAIL`, `ETIMEOUT`. */
export function dnsCode(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === "string" ? code : "UNKNOWN";
}

/** A name and those above it, the nearest first: `a.b.c`, `b.c`, `c`. */
export function namesUpFrom(host: string): readonly string[] {
  const labels = host.split(".");
  return labels.map((_label, index) => labels.slice(index).join("."));
}
