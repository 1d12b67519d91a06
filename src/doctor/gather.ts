import { type Clock, defined, hostNameOf, mapLimit } from "../core/base/index.ts";
import { connectTarget, type MayConnect } from "../core/http/index.ts";
import {
  awsBounds,
  isLinkLocal,
  type IssuerReading,
  type IssuerRoute,
  readIssuer,
  type ReadOptions,
} from "../issuer/index.ts";
import { challengeFacts, hasPort80 } from "./around/challenge.ts";
import { nearbyFacts } from "./around/nearby.ts";
import { originFacts } from "./around/origin.ts";
import { addressesOf, isOfDns, nameFacts } from "./dns/names.ts";
import { caaFacts } from "./dns/caa.ts";
import type { DnsOptions } from "./dns/resolver.ts";
import { zoneFacts } from "./dns/zone.ts";
import {
  type AddressFacts,
  addressesIn,
  type ChallengeFacts,
  type DoctorFacts,
  isOverdue,
  type NameFacts,
  type TokenFacts,
  type ZoneFacts,
} from "./facts.ts";
import { withLateness } from "./lateness.ts";
import { mayConnect } from "./reach.ts";

export interface DoctorOptions {
  /** As `iss` has it, letter for letter. */
  readonly issuer: string;
  readonly route?: IssuerRoute;
  /** `ADDRESS` or `ADDRESS:PORT`: asked for the addresses in place of this machine's own resolver. */
  readonly resolver?: string;
  readonly token?: TokenFacts;
  /** Whether private addresses are asked that a name or an answer leads to; by default only those that were typed. */
  readonly private?: boolean;
  /** Whether the issuer is the caller's own: then the private addresses of its name are asked as well. */
  readonly isOwn?: boolean;
  /** Milliseconds for each document; those of AWS by default. */
  readonly timeoutMs?: number;
  /** Where a name server is asked, by its address: there, on port 53, by default. */
  readonly serverAt?: DnsOptions["serverAt"];
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** The same with the way to the issuer, and with which addresses may be asked on it. */
interface LookOptions extends DoctorOptions {
  readonly route: IssuerRoute & Required<Pick<IssuerRoute, "connectTo" | "mayConnect">>;
}

/** What can pass by luck is looked at as often again. */
const samples = 4;
const atOnce = 4;

function readOptions({ signal, timeoutMs }: LookOptions, route: IssuerRoute): ReadOptions {
  return { route, signal, bounds: defined({ timeoutMs }) };
}

function readWith(options: LookOptions, route: IssuerRoute): Promise<IssuerReading> {
  return readIssuer(options.issuer, readOptions(options, route));
}

/** The route on which a host leads to one address, and that to wherever `--connect-to` has it. */
function pinned({ route }: LookOptions, host: string, address: string): IssuerRoute {
  const { connectTo: rules } = route;
  const to = connectTarget(rules, address, 443);
  return { ...route, connectTo: [{ host, port: 443, address: to.host, toPort: to.port }, ...rules] };
}

function readEach(
  options: LookOptions,
  host: string,
  addresses: readonly string[],
): Promise<readonly AddressFacts[]> {
  const read = async (address: string): Promise<AddressFacts> => ({
    address,
    reading: await readWith(options, pinned(options, host, address)),
  });
  return mapLimit(addresses, read, atOnce);
}

function readAddresses(options: LookOptions, name: NameFacts): Promise<readonly AddressFacts[]> {
  const all = addressesOf(name);
  return readEach(options, name.host, all.length < 2 ? [] : all);
}

/** By the addresses that this machine alone is given: behind a router it may not reach its own public one. */
function readInside(options: LookOptions, name: NameFacts): Promise<readonly AddressFacts[]> {
  const outside = new Set(addressesOf(name));
  const own = name.own === undefined ? [] : addressesIn([name.own]);
  return readEach(
    options,
    name.host,
    [...new Set(own)].filter((address) => !outside.has(address)).slice(0, 2),
  );
}

/**
 * By the addresses that the zone's own servers give, where those of the resolver give no discovery document: it may remember
 * former ones.
 */
async function readFromZone(
  options: LookOptions,
  name: NameFacts,
  { discovery }: IssuerReading,
  asked: Promise<readonly [unknown, ZoneFacts | undefined]> | undefined,
): Promise<readonly AddressFacts[]> {
  const [, zone] = (await asked) ?? [];
  const known = new Set(addressesOf(name));
  const isServed = discovery.outcome === "answered" && discovery.response.status === 200;
  if (isServed || known.size === 0 || zone === undefined) return [];
  const given = addressesIn(zone.servers.map(({ answer }) => answer));
  const others = [...new Set(given)].filter((address) => !known.has(address));
  return readEach(options, name.host, others.slice(0, 2));
}

/** What keeps a certificate from coming, where there is none that is good for long. */
async function readChallenge(
  options: LookOptions,
  route: IssuerRoute,
  { discovery }: IssuerReading,
): Promise<ChallengeFacts | undefined> {
  const { issuer, signal, clock, timeoutMs = awsBounds.timeoutMs } = options;
  const isRefused = discovery.outcome === "failed" && discovery.error.detail["reason"] === "tls";
  if (!isRefused && !isOverdue(discovery, clock.now())) return undefined;
  if (!hasPort80(hostNameOf(issuer), route)) return undefined;
  return challengeFacts(issuer, { route, timeoutMs, signal });
}

/** The same options, in which the addresses of an issuer of one's own may be asked whatever they are. */
function withOwn(options: LookOptions, name: NameFacts): LookOptions {
  const { isOwn = false, route } = options;
  if (!isOwn) return options;
  const own = new Set(addressesOf(name).filter((address) => !isLinkLocal(address)));
  const may: MayConnect = (address, port) => own.has(address) || route.mayConnect(address, port);
  return { ...options, route: { ...route, mayConnect: may } };
}

/** The first reading: by name, or by the first address that another resolver gave. */
function firstRoute(options: LookOptions, name: NameFacts): IssuerRoute {
  const { resolver, route } = options;
  const [address] = addressesOf(name);
  if (resolver === undefined || address === undefined) return route;
  return pinned(options, name.host, address);
}

/**
 * Looks at an issuer from here: its names, both documents, each address by itself, and again what can pass by luck. Where one
 * is missing, cached or without a good certificate it looks beside it: by GETs, of public URLs of the same host. What fails
 * is part of the facts. Throws only the signal's reason.
 */
export function gatherFacts(options: DoctorOptions): Promise<DoctorFacts> {
  const { issuer, private: all = false, route: { connectTo = [], ...route } = {} } = options;
  const may = mayConnect({ issuer, connectTo, private: all });
  return withLateness(() => gathered({ ...options, route: { ...route, connectTo, mayConnect: may } }));
}

async function gathered(given: LookOptions): Promise<DoctorFacts> {
  const { issuer, signal, token, resolver, clock, timeoutMs = awsBounds.timeoutMs } = given;
  const { connectTo, mayConnect: may } = given.route;
  const asking = {
    signal,
    connectTo,
    mayConnect: may,
    ...defined({ resolver, serverAt: given.serverAt }),
  };
  const host = hostNameOf(issuer);
  const name = await nameFacts(host, asking);
  const options = withOwn(given, name);
  const route = firstRoute(options, name);
  const dns = isOfDns(name) ? Promise.all([caaFacts(host, asking), zoneFacts(host, asking)]) : undefined;
  const reading = await readWith(options, route);
  const keysHost = hostNameOf(reading.jwks?.url ?? "");
  const others = keysHost === "" || keysHost === host ? [] : [nameFacts(keysHost, asking)];
  // What failed is asked once more only: it may have cost all of its time.
  const again = reading.discovery.outcome === "answered" ? samples : 1;
  const around = readOptions(options, route);
  const [later, addresses, inside, fromZone, names, nearby, origin, challenge, [caa = [], zone] = []] =
    await Promise.all([
      mapLimit(Array.from({ length: again }), () => readWith(options, route), atOnce),
      readAddresses(options, name),
      readInside(options, name),
      readFromZone(options, name, reading, dns),
      Promise.all(others),
      nearbyFacts(reading, around),
      originFacts(reading, around),
      readChallenge(options, route, reading),
      dns,
    ]);
  return {
    issuer,
    now: clock.now(),
    reading,
    samples: later,
    names: [name, ...names],
    addresses,
    inside,
    fromZone,
    nearby,
    caa,
    timeoutMs,
    ...defined({ token, zone, origin, challenge }),
  };
}
