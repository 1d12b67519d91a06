import { defined, mapped } from "../../core/base/index.ts";
import {
  type Bundle,
  bundleOf,
  type DoctorReport,
  bundleVersion,
  mapTexts,
  readBundle,
  stackBundleKind,
  withoutSecrets,
} from "../index.ts";
import { type ChainFacts, judgeChain } from "../judge/index.ts";
import { chainFactsOf } from "./read-bundle.ts";

/** What was seen of a stack as one object, without what may not be shown. Pure. */
export function stackBundleOf(facts: ChainFacts): Bundle {
  const { outside, ...seen } = facts;
  const { accounts, workloads, texts, token } = seen;
  return {
    kind: stackBundleKind,
    version: bundleVersion,
    contents: [
      { part: "stack", says: "its name and issuers, and what status found of each link" },
      ...(outside === undefined ? [] : bundleOf(outside).contents.filter(({ part }) => part !== "token")),
      {
        part: "cluster",
        says: "flags of API servers about issuers and keys, kids, webhooks, pending certificates",
      },
      { part: "accounts", says: `OIDC providers, roles and trust policies of ${accounts.length} accounts` },
      {
        part: "workloads",
        says: `${workloads.length} ServiceAccounts and pods: variables by name, volumes, events`,
      },
      { part: "texts", says: `${texts.length} lines of events, logs and errors that doctor knows` },
      { part: "token", says: token === undefined ? "none was given" : "some claims, and no signature" },
    ],
    facts: {
      ...mapTexts(seen, withoutSecrets),
      ...defined({ outside: mapped(outside, (own) => bundleOf(own).facts) }),
    },
  };
}

/** Judges a stack's bundle, which is untrusted: each value of it is checked. Throws `bundle-invalid`. */
export function reportOfStackBundle(text: string): DoctorReport {
  return readBundle(text, stackBundleKind, (facts) =>
    mapTexts(judgeChain(chainFactsOf(facts)), withoutSecrets),
  );
}
