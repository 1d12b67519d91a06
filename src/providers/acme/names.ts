import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import { PodtrustError } from "../../core/base/index.ts";
import { canonicalAddress } from "../../core/x509/index.ts";
import type { Identifier } from "./solver.ts";

const maxNames = 100;
// Labels of letters, digits and inner hyphens; at least two, since no public CA takes one.
const dnsName = /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/u;

/** A DNS name (A-labels, lower case, no dot at the end) or an IP address, as ACME wants it. Throws `acme-name-refused`. */
function identifierOf(name: string): Identifier {
  if (isIP(name) !== 0) return { type: "ip", value: canonicalAddress(name) };
  const [star, rest] = name.startsWith("*.") ? ["*.", name.slice(2)] : ["", name];
  const value = star + domainToASCII(rest.replace(/\.$/u, "")).toLowerCase();
  // The URL rules turn numbers into addresses ("0" becomes 0.0.0.0): only a written address counts as one.
  if (value.length > 253 || !dnsName.test(value) || isIP(value) !== 0) {
    throw new PodtrustError(
      "acme-name-refused",
      `${JSON.stringify(name)} is not a name that a certificate can hold`,
    );
  }
  return { type: "dns", value };
}

/** The identifiers of a list of names, sorted, each once. */
export function identifiersOf(names: readonly string[]): readonly Identifier[] {
  const byValue = new Map(names.map(identifierOf).map((one) => [one.value, one]));
  if (byValue.size === 0 || byValue.size > maxNames) {
    throw new PodtrustError(
      "acme-name-refused",
      `a certificate holds 1 to ${maxNames} names, not ${byValue.size}`,
    );
  }
  return [...byValue.values()].sort((a, b) => (a.value < b.value ? -1 : 1));
}
