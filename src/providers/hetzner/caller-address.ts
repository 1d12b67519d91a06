import { isIP } from "node:net";
import { defined, errorText } from "../../core/base/index.ts";
import { type ConnectTo, request } from "../../core/http/index.ts";
import { canonicalAddress } from "./cidr.ts";

/** Services that answer with the caller's address as text, one for each family; both have names of one family alone. */
export const standardAddressServices: readonly string[] = [
  "https://checkip.amazonaws.com",
  "https://ipv6.icanhazip.com",
];

/** The services that are asked for the address, and how they are reached. */
export interface AddressServices {
  readonly services: readonly string[];
  /** PEM certificates that are trusted. */
  readonly ca?: readonly string[];
  readonly connectTo?: readonly ConnectTo[];
}

/** Networks of the caller, and why a service gave none. */
export interface CallerAddress {
  /** In CIDR form: an IPv4 address alone; an IPv6 /64, in which privacy addresses change every day. */
  readonly networks: readonly string[];
  readonly failures: readonly string[];
}

const maxWaitMs = 5000;
const maxAnswer = 1024;

function networkOf(text: string): string | undefined {
  const address = canonicalAddress(text.trim());
  if (address === undefined) return undefined;
  if (isIP(address) === 4) return `${address}/32`;
  const [head = "", tail = ""] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  const gap = address.includes("::") ? 8 - groups.length - (tail === "" ? 0 : tail.split(":").length) : 0;
  const first = [...groups, ...Array.from({ length: gap }, () => "0")].slice(0, 4);
  return `${canonicalAddress(`${first.join(":")}::`) ?? address}/64`;
}

async function ask(service: string, from: AddressServices, signal: AbortSignal): Promise<string> {
  const { ca, connectTo } = from;
  const { status, body } = await request(service, {
    timeoutMs: maxWaitMs,
    maxBytes: maxAnswer,
    signal,
    ...defined({ ca, connectTo }),
  });
  const network = status === 200 ? networkOf(body.toString("latin1")) : undefined;
  if (network === undefined) throw new Error(`${service} answers with status ${status} and no address`);
  return network;
}

/** The networks from which this machine appears on the Internet, according to the services. */
export async function callerAddress(from: AddressServices, signal: AbortSignal): Promise<CallerAddress> {
  const asked = await Promise.allSettled(from.services.map((service) => ask(service, from, signal)));
  signal.throwIfAborted();
  const networks = asked.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const failures = asked.flatMap((one) => (one.status === "rejected" ? [errorText(one.reason)] : []));
  return { networks: [...new Set(networks)].sort(), failures };
}
