import { type Link, links } from "../../core/base/index.ts";
import { type StsRule, stsRules } from "../../rules/trust/index.ts";
import { incidentTexts, type Symptom, symptomOfEntra, vendorTexts } from "./texts/index.ts";

const parameters: readonly Link[] = ["injection"];
const token: readonly Link[] = ["token"];
const keys: readonly Link[] = ["jwks"];
const session: readonly Link[] = ["sts"];

/** At which links a rule of STS looks. A test holds that none is left out. */
export const linksOfRule: Readonly<Record<string, readonly Link[]>> = {
  "role-arn-length": parameters,
  "role-session-name": parameters,
  "token-length": token,
  "provider-id-length": session,
  "policy-arns-bounds": session,
  "session-policy-length": session,
  "duration-bounds": session,
  "role-arn-form": parameters,
  "region-activated": session,
  "provider-id-absent": session,
  "token-structure": token,
  "token-algorithm": token,
  "token-critical-headers": token,
  "required-claims": token,
  "subject-text": token,
  "timestamps-whole": token,
  "not-expired": token,
  "issued-in-past": token,
  "not-before-reached": token,
  "audience-form": token,
  "audience-single": token,
  "issuer-registered": ["provider", "token"],
  "audience-registered": ["provider", "token"],
  "issuer-certificate": ["tls", "provider"],
  "documents-reachable": ["dns", "tls", "reachability"],
  "discovery-document": ["discovery"],
  "jwk-set-document": keys,
  "key-count": keys,
  "key-selection": ["jwks", "token"],
  "key-operations-absent": keys,
  signature: ["jwks", "token"],
  "principal-tags": token,
  "source-identity": token,
  "roles-claim": token,
  "role-exists": ["trust"],
  "trust-policy": ["trust"],
  "tag-session-allowed": ["trust"],
  "source-identity-allowed": ["trust"],
  "duration-of-role": session,
  "session-policy": session,
  "session-policy-arns": session,
  "packed-policy-size": session,
};

const plain = (text: string): string => text.toLowerCase().replaceAll(/\s+/gu, " ");

/** The parts of AWS's words in which no value stands; of what is nothing but values there is none. */
function partsOf(template: string): readonly string[] {
  return template
    .split(/<[^<>]*>/u)
    .map((part) => plain(part).trim())
    .filter((part) => part.length > 8);
}

const says = (text: string, words: readonly string[]): boolean =>
  words.length > 0 && words.every((part) => text.includes(part));

function answers(text: string, rule: StsRule): boolean {
  return rule.answers.some(({ texts }) =>
    [texts.legacy, texts["2026"]].some((one) => says(text, partsOf(one))),
  );
}

const inOrder = (some: Iterable<Link>): readonly Link[] => {
  const set = new Set(some);
  return links.filter((link) => set.has(link));
};

/** STS asks in an order: what it asked before the first rule that can have answered so, holds. */
function symptomOfSts(text: string): Symptom | undefined {
  const fitting = stsRules.filter((rule) => answers(text, rule));
  const [first] = fitting;
  if (first === undefined) return undefined;
  const linksOf = (rules: readonly StsRule[]): readonly Link[] =>
    Object.entries(linksOfRule).flatMap(([rule, all]) =>
      rules.some(({ name }) => name === rule) ? all : [],
    );
  const open = inOrder(linksOf(fitting));
  const later = linksOf(stsRules.slice(stsRules.indexOf(first)));
  const clears = inOrder(linksOf(stsRules).filter((link) => !later.includes(link)));
  const titles = fitting.map(({ title }) => title);
  const means =
    titles.length === 1
      ? `Not met: ${titles[0]}`
      : `STS gives one text to ${titles.length} rules, and one of them is not met.`;
  return { from: "STS", means, rules: fitting.map(({ name }) => name), clears, open };
}

/** What a text says of the links; undefined for one that is not known. Pure, and linear in the text. */
export function symptomOf(text: string): Symptom | undefined {
  const said = plain(text);
  const fits = ({ words }: { readonly words: readonly string[] }): boolean => says(said, words);
  const incident = incidentTexts.find(fits);
  const ruled = incident === undefined ? (symptomOfEntra(said) ?? symptomOfSts(said)) : undefined;
  if (ruled !== undefined) return ruled;
  const vendor = incident ?? vendorTexts.find(fits);
  if (vendor === undefined) return undefined;
  const { from, means, open, clears = [] } = vendor;
  return { from, means, rules: [], clears, open };
}
