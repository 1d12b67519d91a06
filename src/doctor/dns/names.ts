import { lookup, type Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import { defined } from "../../core/base/index.ts";
import { type ConnectTo, connectTarget } from "../../core/http/index.ts";
import { addressesIn, type NameAnswer, type NameFacts } from "../facts.ts";
import { dnsCode, type DnsOptions, withResolver } from "./resolver.ts";

/** How a name is looked up. */
export interface NameOptions extends DnsOptions {
  readonly connectTo?: readonly ConnectTo[];
}

/** A name can have too many addresses to try. */
const maxAddresses = 16;
const limits = { timeout: 2500, tries: 2 };

async function answerOf(ask: Promise<readonly string[]>): Promise<NameAnswer> {
  try {
    return { addresses: (await ask).slice(0, maxAddresses) };
  } catch (error) {
    return { error: dnsCode(error) };
  }
}

/** What this machine's programs get, by its hosts file and resolver. */
function ownAnswer(host: string): Promise<NameAnswer> {
  return answerOf(lookup(host, { all: true }).then((all) => all.map(({ address }) => address)));
}

/** A and AAAA records by one resolver. */
function bothFamilies(client: Resolver, host: string): Promise<readonly NameAnswer[]> {
  return Promise.all([answerOf(client.resolve4(host)), answerOf(client.resolve6(host))]);
}

async function asked(host: string, { resolver, signal }: NameOptions): Promise<readonly NameAnswer[]> {
  if (resolver === undefined) return [await ownAnswer(host)];
  return withResolver(resolver, { ...limits, signal }, (client) => bothFamilies(client, host));
}

/** Where a name leads; every failure is part of the answer. */
export async function nameFacts(host: string, options: NameOptions): Promise<NameFacts> {
  const { connectTo = [] } = options;
  const target = connectTarget(connectTo, host, 443);
  if (target.host !== host || target.port !== 443)
    return { host, instead: `${target.host}:${target.port}`, answers: [] };
  if (isIP(host) !== 0) return { host, answers: [{ addresses: [host] }] };
  const [answers, own] = await Promise.all([
    asked(host, options),
    options.resolver === undefined ? undefined : ownAnswer(host),
  ]);
  return { host, answers, ...defined({ own }) };
}

/** Whether DNS was asked for a name: it is none that `--connect-to` leads elsewhere, and no address. */
export function isOfDns({ host, instead }: NameFacts): boolean {
  return instead === undefined && isIP(host) === 0;
}

/** Every address of a name, each once. */
export function addressesOf({ answers }: NameFacts): readonly string[] {
  return [...new Set(addressesIn(answers))].slice(0, maxAddresses);
}
