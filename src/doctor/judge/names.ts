import { isPrivateAddress } from "../../issuer/index.ts";
import { hostNameOf } from "../../core/base/index.ts";
import type { Reason } from "../../core/reasons/index.ts";
import { addressesIn, type NameAnswer, type NameFacts } from "../facts.ts";
import { type DoctorFinding, finding } from "./finding.ts";
import type { Judged } from "./judged.ts";

const missing: Readonly<Record<string, Reason>> = { ENOTFOUND: "NameMissing", ESERVFAIL: "NameServersFail" };

/** Why a name has no address. */
function nameless({ host, answers }: NameFacts): DoctorFinding {
  const errors = answers.flatMap((answer) => ("error" in answer ? [answer.error] : []));
  const reason = errors.map((error) => missing[error]).find((one) => one !== undefined);
  return finding(reason ?? "NameNotResolved", { seen: `${host} has no address (${errors.join(", ")})` });
}

/** `none`, `private` or `public`: what two views of one name must have in common, whatever the addresses. */
function kindOf(answers: readonly NameAnswer[]): "none" | "private" | "public" {
  const addresses = addressesIn(answers);
  if (addresses.length === 0) return "none";
  return addresses.every(isPrivateAddress) ? "private" : "public";
}

function split({ host, answers, own }: NameFacts): readonly DoctorFinding[] {
  if (own === undefined) return [];
  const [inside, outside] = [kindOf([own]), kindOf(answers)];
  if (inside === outside || inside === "none") return [];
  const text = (all: readonly NameAnswer[]): string => addressesIn(all).join(", ") || "no address";
  // What AWS is given is as it has to be: then a view of one's own is no fault.
  const reason = inside === "private" && outside === "public" ? "SplitHorizon" : "ResolversDiffer";
  return [
    finding(reason, {
      seen: `${host} is ${text([own])} here, and ${text(answers)} by the resolver that was asked`,
    }),
  ];
}

function judgeName(name: NameFacts): readonly DoctorFinding[] {
  if (name.instead !== undefined) return [];
  const { host, answers } = name;
  const addresses = addressesIn(answers);
  const hidden = addresses.filter(isPrivateAddress);
  const differ = split(name);
  if (addresses.length === 0) return [...differ, nameless(name)];
  if (hidden.length === 0) return differ;
  const reason = hidden.length === addresses.length ? "EveryAddressPrivate" : "AddressPrivate";
  return [
    ...differ,
    finding(reason, { seen: `${host} is ${addresses.join(", ")}; private: ${hidden.join(", ")}` }),
  ];
}

/** Where the issuer's name leads. That of the keys is judged with jwks_uri, which names it. */
export function judgeNames(facts: Judged): readonly DoctorFinding[] {
  const host = hostNameOf(facts.issuer);
  // A proxy finds names by itself: in its network the names of others need not lead anywhere.
  if (facts.reading.discovery.exchange.proxy !== undefined) return [];
  return facts.names.filter((name) => name.host === host).flatMap(judgeName);
}
