import { type Clock, defined, hostNameOf, mapLimit } from "../core/base/index.ts";
import { connectTarget } from "../core/http/index.ts";
import { awsBounds, type IssuerReading, type IssuerRoute, readIssuer } from "../issuer/index.ts";
import type { AddressFacts, DoctorFacts, NameFacts, TokenFacts } from "./facts.ts";
import { addressesOf, nameFacts } from "./names.ts";

export interface DoctorOptions {
  /** As `iss` has it, letter for letter. */
  readonly issuer: string;
  readonly route?: IssuerRoute;
  /** `ADDRESS` or `ADDRESS:PORT`: asked for the addresses in place of this machine's own resolver. */
  readonly resolver?: string;
  readonly token?: TokenFacts;
  /** Milliseconds for each document; those of AWS by default. */
  readonly timeoutMs?: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** What can pass by luck is looked at as often again. */
const samples = 4;
const atOnce = 4;

function readWith(options: DoctorOptions, route: IssuerRoute): Promise<IssuerReading> {
  const { issuer, signal, timeoutMs } = options;
  return readIssuer(issuer, { route, signal, bounds: defined({ timeoutMs }) });
}

/** The route on which a host leads to one address, and that to wherever `--connect-to` has it. */
function pinned({ route = {} }: DoctorOptions, host: string, address: string): IssuerRoute {
  const rules = route.connectTo ?? [];
  const to = connectTarget(rules, address, 443);
  return { ...route, connectTo: [{ host, port: 443, address: to.host, toPort: to.port }, ...rules] };
}

async function readAddresses(options: DoctorOptions, name: NameFacts): Promise<readonly AddressFacts[]> {
  const all = addressesOf(name);
  if (all.length < 2) return [];
  const read = async (address: string): Promise<AddressFacts> => ({
    address,
    reading: await readWith(options, pinned(options, name.host, address)),
  });
  return mapLimit(all, read, atOnce);
}

/** The first reading: by name, or by the first address that another resolver gave. */
function firstRoute(options: DoctorOptions, name: NameFacts): IssuerRoute {
  const [address] = addressesOf(name);
  if (options.resolver === undefined || address === undefined) return options.route ?? {};
  return pinned(options, name.host, address);
}

/**
 * Looks at an issuer from here: its names, both documents, each address by itself, and again what can pass by luck. Sends
 * GETs of the two documents and nothing else; what fails is part of the facts. Throws only the signal's reason.
 */
export async function gatherFacts(options: DoctorOptions): Promise<DoctorFacts> {
  const { issuer, signal, token, resolver, clock } = options;
  const asking = { signal, ...defined({ resolver, connectTo: options.route?.connectTo }) };
  const host = hostNameOf(issuer);
  const name = await nameFacts(host, asking);
  const route = firstRoute(options, name);
  const reading = await readWith(options, route);
  const keysHost = hostNameOf(reading.jwks?.url ?? "");
  const others = keysHost === "" || keysHost === host ? [] : [nameFacts(keysHost, asking)];
  // What failed is asked once more only: it may have cost all of its time.
  const again = reading.discovery.outcome === "answered" ? samples : 1;
  const [later, addresses, names] = await Promise.all([
    mapLimit(Array.from({ length: again }), () => readWith(options, route), atOnce),
    readAddresses(options, name),
    Promise.all(others),
  ]);
  return {
    issuer,
    now: clock.now(),
    reading,
    samples: later,
    names: [name, ...names],
    addresses,
    timeoutMs: options.timeoutMs ?? awsBounds.timeoutMs,
    ...defined({ token }),
  };
}
