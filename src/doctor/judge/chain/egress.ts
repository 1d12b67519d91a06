import { type DoctorFinding, finding } from "../finding.ts";
import { type ChainFacts, type EgressPolicy, type EgressRule, lookedAt, type PodLook } from "./facts.ts";
import { selects } from "./selector.ts";

const stsPort = 443;

/** An IPv4 address as a number; undefined for what is none. */
function numberOf(address: string): number | undefined {
  const parts = address.split(".").map(Number);
  if (parts.length !== 4 || parts.some((part) => !(part >= 0 && part <= 255))) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

function isIn(address: string, cidr: string): boolean {
  const [base = "", bits = "32"] = cidr.split("/");
  const [one, other] = [numberOf(address), numberOf(base)];
  if (one === undefined || other === undefined) return false;
  const size = 2 ** (32 - Number(bits));
  return Math.floor(one / size) === Math.floor(other / size);
}

function lets({ cidrs, podsOnly, ports }: EgressRule, address: string): boolean {
  if (podsOnly) return false;
  if (ports.length > 0 && !ports.some(({ from, to }) => from <= stsPort && stsPort <= to)) return false;
  if (cidrs.length === 0) return true;
  return cidrs.some(({ cidr, except }) => isIn(address, cidr) && !except.some((one) => isIn(address, one)));
}

/** The policies about a pod, by name, and what they let it out to; undefined where it is free. */
function rulesFor(
  pod: PodLook,
  policies: readonly EgressPolicy[],
): { readonly names: string; readonly rules: readonly EgressRule[] } | undefined {
  const about = policies.filter(({ selector }) => selects(selector, pod.labels));
  if (about.length === 0 || pod.hostNetwork) return undefined;
  return { names: about.map(({ name }) => name).join(", "), rules: about.flatMap((policy) => policy.rules) };
}

/** What a pod is kept from; policies add up, and one that lets it out is enough. */
function deniedTo(
  pod: PodLook,
  policies: readonly EgressPolicy[],
  addresses: readonly string[],
): readonly DoctorFinding[] {
  const about = rulesFor(pod, policies);
  if (about === undefined) return [];
  const { names, rules } = about;
  const denied = addresses.find((address) => !rules.some((rule) => lets(rule, address)));
  if (denied !== undefined) {
    const seen = `pod ${pod.name}: NetworkPolicy ${names} does not let it to ${denied}:443`;
    return [finding("EgressDenied", { seen })];
  }
  if (rules.some(({ dns }) => dns !== false)) return [];
  const seen = `pod ${pod.name}: NetworkPolicy ${names} lets it to no port 53`;
  return [finding("EgressWithoutDns", { seen })];
}

/** Pods that a NetworkPolicy keeps from STS or from its name. Addresses are IPv4: STS has no others in most regions. */
export function judgeEgress({ workloads, stsAddresses }: ChainFacts): readonly DoctorFinding[] {
  return workloads.flatMap(({ pods, egress }) =>
    (lookedAt(pods) ?? []).flatMap((pod) => deniedTo(pod, lookedAt(egress) ?? [], stsAddresses)),
  );
}
