import { errorText, isRecord, PodtrustError } from "../../core/base/index.ts";
import { type Bundle, bundleVersion, mapTexts, BundleValue, withoutSecrets } from "../index.ts";
import { type ChainFacts, type ChainReport, judgeChain } from "../judge/index.ts";
import { chainFactsOf } from "./read-bundle.ts";

const kind = "podtrust doctor bundle of a stack";

/** What was seen of a stack as one object, without what may not be shown. Pure. */
export function stackBundleOf(facts: ChainFacts): Bundle {
  const { accounts, workloads, texts, token } = facts;
  return {
    kind,
    version: bundleVersion,
    contents: [
      { part: "stack", says: "its name and issuers, and what status found of each link" },
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
    facts: mapTexts({ ...facts }, withoutSecrets),
  };
}

/** Whether the text of a bundle is about a stack. Throws `bundle-invalid` where it is not JSON. */
export function isStackBundle(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) && value["kind"] === kind;
  } catch {
    throw new PodtrustError("bundle-invalid", "the bundle is not JSON");
  }
}

/** Judges a stack's bundle, which is untrusted: each value of it is checked. Throws `bundle-invalid`. */
export function reportOfStackBundle(text: string): ChainReport {
  const whole = new BundleValue(JSON.parse(text), "the file");
  if (whole.member("version").number(1e6) !== bundleVersion)
    throw new PodtrustError("bundle-invalid", "the bundle is of another version of podtrust");
  try {
    return mapTexts(judgeChain(chainFactsOf(whole.member("facts"))), withoutSecrets);
  } catch (error) {
    if (error instanceof PodtrustError && error.code !== "bundle-invalid")
      throw new PodtrustError("bundle-invalid", `the bundle has a value that is none: ${errorText(error)}`);
    throw error;
  }
}
