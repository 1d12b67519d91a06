import {
  isRecord,
  type Link,
  links,
  type Outcome,
  PodtrustError,
  type Reason,
  reasons,
} from "../../core/base/index.ts";
import { parseIssuer } from "../../rules/oidc/index.ts";
import { type Bundle, bundleVersion, mapTexts, maxDate, Part, withoutSecrets } from "../index.ts";
import { type ChainFacts, type ChainReport, judgeChain, type StatusFinding } from "../judge/index.ts";

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

function outcomeOf(part: Part): Outcome {
  const text = part.textThat((one) => /^(?:ok|warning|broken|unseen)$/u.test(one), "outcome");
  return text as Outcome;
}

function statusOf(part: Part): StatusFinding {
  const link = part.member("link").textThat((one) => links.some((known) => known === one), "link");
  const reason = part.member("reason").textThat((one) => Object.hasOwn(reasons, one), "reason");
  const next = part.optional("next");
  return {
    link: link as Link,
    reason: reason as Reason,
    outcome: outcomeOf(part.member("outcome")),
    seen: part.member("seen").text(65_536),
    ...(next === undefined ? {} : { next: next.text() }),
  };
}

/** Lists of things are bounded here; what each of them has is taken by the judges as it comes. */
function factsOf(part: Part): ChainFacts {
  const issuer = part.member("issuer").text(2048);
  parseIssuer(issuer);
  for (const name of ["accounts", "workloads", "stsAddresses", "texts", "formerIssuers"])
    part.member(name).list(10_000);
  return {
    ...(part.record() as unknown as ChainFacts),
    issuer,
    stack: part.member("stack").text(300),
    now: part.member("now").number(maxDate),
    status: part.member("status").list(10_000).map(statusOf),
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

/**
 * What a stack's bundle means, which somebody else may have written. Its judges are pure, so that the worst it can do is not
 * to be what they expect: then it is refused. Throws `bundle-invalid`.
 */
export function reportOfStackBundle(text: string): ChainReport {
  const whole = new Part(JSON.parse(text), "the file");
  if (whole.member("version").number(1e6) !== bundleVersion)
    throw new PodtrustError("bundle-invalid", "the bundle is of another version of podtrust");
  try {
    return mapTexts(judgeChain(factsOf(whole.member("facts"))), withoutSecrets);
  } catch (error) {
    if (error instanceof PodtrustError && error.code === "bundle-invalid") throw error;
    throw new PodtrustError("bundle-invalid", "the bundle has a value that is none", { cause: error });
  }
}
