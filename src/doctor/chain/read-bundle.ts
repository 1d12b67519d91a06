import { defined, type Link, links } from "../../core/base/index.ts";
import { type Outcome, type Reason, reasons } from "../../core/reasons/index.ts";
import { parseIssuer } from "../../rules/oidc/index.ts";
import { type BundleValue, issuerFactsOf } from "../index.ts";
import type {
  AccountLook,
  ApiServerLook,
  ChainCertificate,
  ChainFacts,
  ClusterLook,
  LimitsLook,
  PendingCertificate,
  PolicyLook,
  ProviderLook,
  PublishedLook,
  RoleLook,
  StatusFinding,
  TextLook,
  TokenLook,
} from "../judge/index.ts";
import { each, lookOf, maybe, textOf, textsOf, timeOf } from "./bundle-values.ts";
import { webhookOf, workloadOf } from "./read-workloads.ts";

const maxMs = 86_400_000;

const isLink = (text: string): boolean => links.some((known) => known === text);
const isReason = (text: string): boolean => Object.hasOwn(reasons, text);
const isOutcome = (text: string): boolean => /^(?:ok|warning|broken|unseen)$/u.test(text);

function statusOf(part: BundleValue): StatusFinding {
  return {
    link: part.member("link").textThat(isLink, "link") as Link,
    reason: part.member("reason").textThat(isReason, "reason") as Reason,
    outcome: part.member("outcome").textThat(isOutcome, "outcome") as Outcome,
    seen: textOf(part.member("seen")),
    ...defined({ next: maybe(part, "next", textOf) }),
  };
}

function tokenOf(part: BundleValue): TokenLook {
  return {
    iss: textOf(part.member("iss")),
    audiences: textsOf(part.member("audiences")),
    ...defined({
      kid: maybe(part, "kid", textOf),
      alg: maybe(part, "alg", textOf),
      exp: maybe(part, "exp", timeOf),
      secret: maybe(part, "secret", textOf),
      accepted: maybe(part, "accepted", (one) => one.boolean()),
    }),
  };
}

function flagOf(part: BundleValue): readonly [string, string] {
  const [name = "", value = ""] = each(part, textOf, 2);
  return [name, value];
}

function apiServerOf(part: BundleValue): ApiServerLook {
  return {
    name: textOf(part.member("name")),
    flags: each(part.member("flags"), flagOf),
    ...defined({ mounts: maybe(part, "mounts", textsOf) }),
  };
}

function clusterOf(part: BundleValue): ClusterLook {
  return {
    fresh: lookOf(part.member("fresh"), tokenOf),
    kids: lookOf(part.member("kids"), textsOf),
    apiServers: lookOf(part.member("apiServers"), (one) => each(one, apiServerOf)),
    ...defined({ standardIssuer: maybe(part, "standardIssuer", textOf) }),
  };
}

function certificateOf(part: BundleValue): ChainCertificate {
  return {
    subject: textOf(part.member("subject")),
    sha1: textOf(part.member("sha1")),
    notAfter: timeOf(part.member("notAfter")),
  };
}

function publishedOf(part: BundleValue): PublishedLook {
  return {
    kids: textsOf(part.member("kids")),
    isPrivate: part.member("isPrivate").boolean(),
    chains: each(part.member("chains"), (one) => each(one, certificateOf)),
  };
}

function providerOf(part: BundleValue): ProviderLook {
  return {
    arn: textOf(part.member("arn")),
    url: textOf(part.member("url")),
    clientIds: textsOf(part.member("clientIds")),
    thumbprints: textsOf(part.member("thumbprints")),
  };
}

function roleStateOf(part: BundleValue): NonNullable<RoleLook["state"]> {
  return {
    arn: textOf(part.member("arn")),
    trustPolicy: textOf(part.member("trustPolicy")),
    created: timeOf(part.member("created")),
    maxSession: timeOf(part.member("maxSession")),
    ...defined({ boundary: maybe(part, "boundary", textOf) }),
  };
}

function policyOf(part: BundleValue): PolicyLook {
  return { name: textOf(part.member("name")), text: textOf(part.member("text")) };
}

function limitsOf(part: BundleValue): LimitsLook {
  return { boundary: policyOf(part.member("boundary")), policies: each(part.member("policies"), policyOf) };
}

function roleOf(part: BundleValue): RoleLook {
  return {
    name: textOf(part.member("name")),
    arn: textOf(part.member("arn")),
    serviceAccounts: textsOf(part.member("serviceAccounts")),
    sessionName: textOf(part.member("sessionName")),
    hasPatterns: part.member("hasPatterns").boolean(),
    ...defined({
      limits: maybe(part, "limits", (one) => lookOf(one, limitsOf)),
      state: maybe(part, "state", roleStateOf),
    }),
  };
}

function accountOf(part: BundleValue): AccountLook {
  return {
    account: textOf(part.member("account")),
    partition: textOf(part.member("partition")),
    region: textOf(part.member("region")),
    audiences: textsOf(part.member("audiences")),
    providerArn: textOf(part.member("providerArn")),
    provider: lookOf(part.member("provider"), (one) => (one.isNull ? null : providerOf(one))),
    others: each(part.member("others"), providerOf),
    roles: lookOf(part.member("roles"), (one) => each(one, roleOf)),
  };
}

function pendingOf(part: BundleValue): PendingCertificate {
  return {
    name: textOf(part.member("name")),
    username: textOf(part.member("username")),
    signer: textOf(part.member("signer")),
  };
}

function textLookOf(part: BundleValue): TextLook {
  return {
    from: textOf(part.member("from")),
    lines: textsOf(part.member("lines")),
    ...defined({ pod: maybe(part, "pod", textOf) }),
  };
}

/** The facts of a stack's bundle: each value is checked, and what is not known is left out. Throws `bundle-invalid`. */
export function chainFactsOf(part: BundleValue): ChainFacts {
  const issuer = part.member("issuer").text(2048);
  parseIssuer(issuer);
  return {
    stack: part.member("stack").text(300),
    issuer,
    formerIssuers: textsOf(part.member("formerIssuers")),
    now: timeOf(part.member("now")),
    status: each(part.member("status"), statusOf),
    accounts: each(part.member("accounts"), accountOf),
    workloads: each(part.member("workloads"), workloadOf),
    webhooks: lookOf(part.member("webhooks"), (one) => each(one, webhookOf)),
    pendingCertificates: lookOf(part.member("pendingCertificates"), (one) => each(one, pendingOf)),
    stsAddresses: textsOf(part.member("stsAddresses")),
    texts: each(part.member("texts"), textLookOf),
    ...defined({
      outside: maybe(part, "outside", issuerFactsOf),
      isPublic: maybe(part, "isPublic", (one) => one.boolean()),
      lateMs: maybe(part, "lateMs", (one) => one.number(maxMs)),
      cluster: maybe(part, "cluster", clusterOf),
      published: maybe(part, "published", publishedOf),
      certificateRefused: maybe(part, "certificateRefused", textOf),
      token: maybe(part, "token", tokenOf),
    }),
  };
}
