import { type Link, links } from "../../../core/base/index.ts";
import { entraRules } from "../../../rules/azure/index.ts";
import type { Symptom } from "./vendor-text.ts";

const call: readonly Link[] = ["sts"];
const token: readonly Link[] = ["token"];
const client: readonly Link[] = ["provider", "injection"];
const credential: readonly Link[] = ["trust", "token"];
const key: readonly Link[] = ["jwks", "token"];

/** At which links a rule of Entra looks. A test holds that none is left out. */
export const linksOfEntraRule: Readonly<Record<string, readonly Link[]>> = {
  "tenant-exists": client,
  "token-request-parameters": call,
  "scope-default": call,
  "client-exists": client,
  "assertion-given": ["injection", "sts"],
  "assertion-structure": token,
  "assertion-key-named": token,
  "assertion-algorithm": key,
  "assertion-claims": token,
  "assertion-time": token,
  "assertion-lifetime": token,
  "credential-issuer": credential,
  "credential-subject": credential,
  "credential-audience": credential,
  "issuer-documents": ["discovery", "jwks", "dns", "tls", "reachability"],
  "key-selection": key,
  "assertion-signature": key,
  "resource-known": call,
};

/** A rule with one of its answers. */
interface Answered {
  readonly name: string;
  readonly title: string;
  readonly note?: string;
  readonly when: string;
}

function answersOf(number: number): readonly Answered[] {
  return entraRules.flatMap(({ answers, ...rule }) =>
    answers
      .filter((one) => one.number === number || one.otherNumbers?.includes(number) === true)
      .map(({ when }) => ({ ...rule, when })),
  );
}

/**
 * What an error of Entra's says: by the first number after AADSTS that a rule answers with, never by its sentence, which
 * changes. Nothing is cleared, since Entra does not say in which order it asks.
 */
export function symptomOfEntra(text: string): Symptom | undefined {
  for (const [, digits = ""] of text.matchAll(/aadsts(\d+)/giu)) {
    const answered = answersOf(Number(digits));
    const rules = [...new Set(answered.map(({ name }) => name))];
    const [first] = answered;
    if (first === undefined) continue;
    const whens = answered.map(({ when }) => when).join("; or when ");
    const reason = `AADSTS${digits} is said when ${whens}.`;
    const open = links.filter((link) => rules.some((rule) => linksOfEntraRule[rule]?.includes(link)));
    const means =
      rules.length === 1
        ? [`Not met: ${first.title}`, reason, first.note ?? ""].join(" ").trimEnd()
        : `Entra gives one number to ${rules.length} rules, and one of them is not met. ${reason}`;
    return { from: "Azure", means, rules, clears: [], open };
  }
  return undefined;
}
