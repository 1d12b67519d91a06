import { defined } from "../../core/base/index.ts";
import type { BundleValue } from "../index.ts";
import type {
  ObservedServiceAccount,
  ContainerLook,
  EgressPolicy,
  EgressRule,
  PodLook,
  Selector,
  ServingLook,
  TokenFileLook,
  TrialLook,
  WebhookLook,
  WorkloadLook,
} from "../judge/index.ts";
import { each, lookOf, maybe, textMapOf, textOf, textsOf, timeOf } from "./bundle-values.ts";

const countOf = (part: BundleValue): number => part.number(2 ** 32);

function tokenFileOf(part: BundleValue): TokenFileLook {
  return {
    path: textOf(part.member("path")),
    audience: textOf(part.member("audience")),
    seconds: countOf(part.member("seconds")),
    mode: part.member("mode").number(0o7777),
  };
}

function containerOf(part: BundleValue): ContainerLook {
  return {
    name: textOf(part.member("name")),
    names: textsOf(part.member("names")),
    values: textMapOf(part.member("values")),
    tokenFiles: each(part.member("tokenFiles"), tokenFileOf),
    restarts: countOf(part.member("restarts")),
    ...defined({
      runAsUser: maybe(part, "runAsUser", countOf),
      waiting: maybe(part, "waiting", textOf),
      startedAt: maybe(part, "startedAt", timeOf),
    }),
  };
}

function podOf(part: BundleValue): PodLook {
  return {
    name: textOf(part.member("name")),
    createdAt: timeOf(part.member("createdAt")),
    labels: textMapOf(part.member("labels")),
    annotations: textMapOf(part.member("annotations")),
    hostNetwork: part.member("hostNetwork").boolean(),
    containers: each(part.member("containers"), containerOf),
    events: each(part.member("events"), (one) => ({
      reason: textOf(one.member("reason")),
      message: textOf(one.member("message")),
    })),
    ...defined({
      owner: maybe(part, "owner", textOf),
      dnsPolicy: maybe(part, "dnsPolicy", textOf),
      fsGroup: maybe(part, "fsGroup", countOf),
      lacks: maybe(part, "lacks", textOf),
    }),
  };
}

function trialOf(part: BundleValue): TrialLook {
  return {
    injected: part.member("injected").boolean(),
    took: timeOf(part.member("took")),
    dropped: textsOf(part.member("dropped")),
    ...defined({ refused: maybe(part, "refused", textOf) }),
  };
}

function selectorOf(part: BundleValue): Selector {
  return defined({
    matchLabels: maybe(part, "matchLabels", textMapOf),
    matchExpressions: maybe(part, "matchExpressions", (list) =>
      each(list, (one) => ({
        key: textOf(one.member("key")),
        operator: textOf(one.member("operator")),
        ...defined({ values: maybe(one, "values", textsOf) }),
      })),
    ),
  });
}

function egressRuleOf(part: BundleValue): EgressRule {
  return {
    cidrs: each(part.member("cidrs"), (one) => ({
      cidr: textOf(one.member("cidr")),
      except: textsOf(one.member("except")),
    })),
    podsOnly: part.member("podsOnly").boolean(),
    ports: each(part.member("ports"), (one) => ({
      from: countOf(one.member("from")),
      to: countOf(one.member("to")),
    })),
    ...defined({ dns: maybe(part, "dns", (one) => one.boolean()) }),
  };
}

function egressOf(part: BundleValue): EgressPolicy {
  return {
    name: textOf(part.member("name")),
    selector: selectorOf(part.member("selector")),
    rules: each(part.member("rules"), egressRuleOf),
  };
}

function accountSeenOf(part: BundleValue): ObservedServiceAccount {
  return {
    createdAt: timeOf(part.member("createdAt")),
    annotations: textMapOf(part.member("annotations")),
    ...defined({ annotatedAt: maybe(part, "annotatedAt", timeOf) }),
  };
}

function exchangeOf(part: BundleValue): NonNullable<WorkloadLook["exchange"]> {
  const kind = part.member("kind").textThat((one) => /^(?:accepted|refused|failed)$/u.test(one), "answer");
  if (kind === "accepted") return { kind };
  const said = { code: textOf(part.member("code")), message: textOf(part.member("message")) };
  return kind === "refused" ? { kind, ...said } : { kind: "failed", ...said };
}

function decidedOf(part: BundleValue): NonNullable<WorkloadLook["decided"]> {
  if (part.isText) {
    part.textThat((one) => one === "accepted", "decision");
    return "accepted";
  }
  return { rule: textOf(part.member("rule")), why: textOf(part.member("why")) };
}

/** A ServiceAccount with its pods, of a bundle. Throws `bundle-invalid`, as all of these do. */
export function workloadOf(part: BundleValue): WorkloadLook {
  const account = part.member("account");
  // What is not there has no member in JSON.
  const isMissing = account.optional("seen") === undefined && account.optional("unseen") === undefined;
  return {
    serviceAccount: textOf(part.member("serviceAccount")),
    sessionSeconds: countOf(part.member("sessionSeconds")),
    account: isMissing ? { seen: undefined } : lookOf(account, accountSeenOf),
    namespaceLabels: textMapOf(part.member("namespaceLabels")),
    pods: lookOf(part.member("pods"), (one) => each(one, podOf)),
    trial: lookOf(part.member("trial"), trialOf),
    egress: lookOf(part.member("egress"), (one) => each(one, egressOf)),
    ...defined({
      roleArn: maybe(part, "roleArn", textOf),
      exchange: maybe(part, "exchange", exchangeOf),
      decided: maybe(part, "decided", decidedOf),
    }),
  };
}

function servingOf(part: BundleValue): ServingLook {
  return {
    verified: part.member("verified").boolean(),
    names: textsOf(part.member("names")),
    ...defined({
      problem: maybe(part, "problem", textOf),
      noHandshake: maybe(part, "noHandshake", textOf),
      signature: maybe(part, "signature", textOf),
    }),
  };
}

/** A webhook, of a bundle. */
export function webhookOf(part: BundleValue): WebhookLook {
  const policy = part.member("failurePolicy").textThat((one) => /^(?:Ignore|Fail)$/u.test(one), "policy");
  return {
    configuration: textOf(part.member("configuration")),
    name: textOf(part.member("name")),
    failurePolicy: policy === "Fail" ? "Fail" : "Ignore",
    timeoutSeconds: countOf(part.member("timeoutSeconds")),
    reviewVersions: textsOf(part.member("reviewVersions")),
    namespaceSelector: selectorOf(part.member("namespaceSelector")),
    objectSelector: selectorOf(part.member("objectSelector")),
    ready: lookOf(part.member("ready"), countOf),
    serving: lookOf(part.member("serving"), servingOf),
    ...defined({ service: maybe(part, "service", textOf) }),
  };
}
