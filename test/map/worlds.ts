import { defined, mapped } from "../../src/core/base/index.ts";
import type { MapFacts } from "../../src/map/facts.ts";
import { trustMap, type TrustMap } from "../../src/map/index.ts";
import { account, accountWith, factsOf, inCluster, onlyFor, role, trust, wanted } from "./facts.ts";

/** A few of everything: ways that are proved, refused, open and only by policy; what is unused and what is too wide. */
export function smallFacts(): MapFacts {
  const open = {
    StringEquals: { "oidc.example.com:aud": "sts.amazonaws.com" },
    StringLike: { "oidc.example.com:sub": "system:serviceaccount:batch:*" },
  };
  const boundary = `arn:aws:iam::${account}:policy/limit`;
  const roles = [
    role("web", trust(onlyFor("shop/web")), { boundary, inline: { "read-own": "{}" } }),
    role("job", trust(onlyFor("shop/job", "shop/gone"))),
    role("office", trust({ ...onlyFor("shop/office"), IpAddress: { "aws:SourceIp": "192.0.2.0/24" } })),
    role("batch", trust(open)),
    role("idle", trust(onlyFor("old/idle"))),
  ];
  const names = ["shop/web", "shop/job", "shop/office", "batch/night", "batch/day", "old/idle"];
  const all = inCluster(...names);
  return factsOf({
    ...all,
    pods: (all.pods ?? []).filter(({ namespace }) => namespace !== "old"),
    published: [
      { kid: "first", alg: "ES256" },
      { kid: "before", alg: "RS256" },
    ],
    accounts: [accountWith(roles, { wanted: [wanted("web", "shop/web"), wanted("job", "shop/job")] })],
    bindings: [
      {
        kind: "AWSRoleBinding",
        namespace: "shop",
        name: "web",
        becomes: [`arn:aws:iam::${account}:role/web`],
        ready: { status: "True", reason: "TokenAccepted", message: "" },
        lastProof: "2026-11-28T11:30:00Z",
      },
      {
        kind: "GCPServiceAccountBinding",
        namespace: "batch",
        name: "day",
        becomes: [],
        ready: { status: "False", reason: "EmailNotGranted", message: "no grant names day@shop" },
      },
      { kind: "AzureIdentityBinding", namespace: "batch", name: "night", becomes: [] },
    ],
    proofs: [
      { account, role: "web", serviceAccount: "shop/web", kid: "first", accepted: true, said: "" },
      {
        account,
        role: "job",
        serviceAccount: "shop/job",
        kid: "first",
        accepted: false,
        said: "AccessDenied: Not authorized",
      },
    ],
    unseen: [
      {
        what: "AWSRoleBindings of the cluster",
        why: "it may not list them",
        next: "Let it list awsrolebindings.",
      },
    ],
  });
}

const hostile = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>";

/** The same, in which everything that another could have named has HTML in its name. */
export function hostileMap(): TrustMap {
  const map = trustMap(smallFacts());
  const named = (text: string): string => `${text}${hostile}`;
  return {
    ...map,
    nodes: map.nodes.map((node) => ({
      ...node,
      name: named(node.name),
      ...defined({ namespace: mapped(node.namespace, named), account: mapped(node.account, named) }),
      details: node.details.map(([label, value]) => [label, named(value)] as const),
    })),
    access: map.access.map((one) => ({
      ...one,
      askedBy: one.askedBy.map(named),
      decidingKeys: one.decidingKeys.map(named),
      ...defined({ proof: mapped(one.proof, (proof) => ({ ...proof, by: hostile, said: hostile })) }),
    })),
    bindings: map.bindings.map((one) => ({
      ...one,
      namespace: named(one.namespace),
      name: named(one.name),
      becomes: one.becomes.map(named),
      ...defined({ ready: mapped(one.ready, (ready) => ({ ...ready, reason: hostile, message: hostile })) }),
    })),
    findings: map.findings.map((one) => ({ ...one, text: named(one.text), next: hostile })),
    unseen: [{ what: hostile, why: hostile, next: hostile }],
  };
}

/** So many bindings: a role each, in fifty namespaces and ten accounts. */
export function manyFacts(bindings: number): MapFacts {
  const pairs = Array.from({ length: bindings }, (_, index) => ({
    who: `team-${index % 50}/app-${index}`,
    account: String(100_000_000_000 + (index % 10)),
    name: `app-${index}`,
  }));
  const accounts = [...new Set(pairs.map((one) => one.account))].map((id) => {
    const own = pairs.filter((one) => one.account === id);
    const text = (value: string): string => value.replaceAll(account, id);
    const roles = own.map(({ name, who }) => {
      const made = role(name, text(trust(onlyFor(who))));
      return { ...made, arn: text(made.arn), account: id };
    });
    const base = accountWith(roles, { wanted: own.map(({ name, who }) => wanted(name, who)) });
    return { ...base, account: id, providers: base.providers.map((one) => ({ ...one, arn: text(one.arn) })) };
  });
  return factsOf({ ...inCluster(...pairs.map(({ who }) => who)), accounts });
}
