import { lookup, Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import { defined } from "../core/base/index.ts";
import { type ConnectTo, connectTarget } from "../core/http/index.ts";
import { addressesIn, type NameAnswer, type NameFacts } from "./facts.ts";

/** How a name is looked up. */
export interface NameOptions {
  readonly connectTo?: readonly ConnectTo[];
  /** `ADDRESS` or `ADDRESS:PORT` of the resolver that is asked in place of this machine's own. */
  readonly resolver?: string;
  readonly signal: AbortSignal;
}

/** A name can have more addresses than anybody wants to ask. */
const maxAddresses = 16;
const resolverTimeoutMs = 2500;

async function answerOf(ask: Promise<readonly string[]>): Promise<NameAnswer> {
  try {
    return { addresses: (await ask).slice(0, maxAddresses) };
  } catch (error) {
    const { code } = error as { code?: unknown };
    return { error: typeof code === "string" ? code : "UNKNOWN" };
  }
}

/** What this machine's programs get, by its hosts file and resolver. */
function ownAnswer(host: string): Promise<NameAnswer> {
  return answerOf(lookup(host, { all: true }).then((all) => all.map(({ address }) => address)));
}

async function asked(host: string, { resolver, signal }: NameOptions): Promise<readonly NameAnswer[]> {
  if (resolver === undefined) return [await ownAnswer(host)];
  const client = new Resolver({ timeout: resolverTimeoutMs, tries: 2 });
  client.setServers([resolver]);
  const end = (): void => client.cancel();
  signal.addEventListener("abort", end, { once: true });
  try {
    return await Promise.all([answerOf(client.resolve4(host)), answerOf(client.resolve6(host))]);
  } finally {
    signal.removeEventListener("abort", end);
  }
}

/** Where a name leads; every failure is part of the answer. */
export async function nameFacts(host: string, options: NameOptions): Promise<NameFacts> {
  const target = connectTarget(options.connectTo ?? [], host, 443);
  if (target.host !== host || target.port !== 443)
    return { host, instead: `${target.host}:${target.port}`, answers: [] };
  if (isIP(host) !== 0) return { host, answers: [{ addresses: [host] }] };
  const [answers, own] = await Promise.all([
    asked(host, options),
    options.resolver === undefined ? undefined : ownAnswer(host),
  ]);
  return { host, answers, ...defined({ own }) };
}

/** Every address of a name, each once. */
export function addressesOf({ answers }: NameFacts): readonly string[] {
  return [...new Set(addressesIn(answers))].slice(0, maxAddresses);
}
