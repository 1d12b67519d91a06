import type { MapAccount, MapFacts, ConfiguredRole } from "../../src/map/facts.ts";
import type { RoleState } from "../../src/stack/parts/index.ts";

export const account = "111122223333";
export const issuer = "https://oidc.example.com";
export const providerArn = `arn:aws:iam::${account}:oidc-provider/oidc.example.com`;
export const now = Date.parse("2026-11-28T12:00:00Z");

/** A condition for a token of a ServiceAccount, spelled out. */
export const onlyFor = (...serviceAccounts: readonly string[]): object => ({
  StringEquals: {
    "oidc.example.com:aud": "sts.amazonaws.com",
    "oidc.example.com:sub": serviceAccounts.map((one) => `system:serviceaccount:${one.replace("/", ":")}`),
  },
});

/** A trust policy of one statement. */
export function trust(Condition: object, more: readonly object[] = [], Federated = providerArn): string {
  const Statement = {
    Effect: "Allow",
    Principal: { Federated },
    Action: "sts:AssumeRoleWithWebIdentity",
    Condition,
  };
  return JSON.stringify({ Version: "2012-10-17", Statement: [Statement, ...more] });
}

export function role(name: string, trustPolicy: string, more: Partial<RoleState> = {}): RoleState {
  return {
    arn: `arn:aws:iam::${account}:role/${name}`,
    account,
    name,
    id: `AROA${name}`,
    path: "/",
    description: "",
    trustPolicy,
    maxSession: 3600,
    boundary: undefined,
    created: now,
    tags: {},
    policies: ["arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess"],
    inline: {},
    ...more,
  };
}

export const wanted = (name: string, ...serviceAccounts: readonly string[]): ConfiguredRole => ({
  name,
  sessionName: "podtrust",
  serviceAccounts,
  subjectPatterns: [],
});

export const provider = {
  arn: providerArn,
  url: "oidc.example.com",
  clientIds: ["sts.amazonaws.com"],
  thumbprints: [],
  tags: {},
};

export function accountWith(roles: readonly RoleState[], more: Partial<MapAccount> = {}): MapAccount {
  return {
    account,
    region: "eu-central-1",
    audiences: ["sts.amazonaws.com"],
    wanted: [],
    providers: [provider],
    roles,
    isWhole: true,
    ...more,
  };
}

const key = { kid: "first", alg: "ES256" };

/** ServiceAccounts that are there, each with one pod. */
export function inCluster(...names: readonly string[]): Pick<MapFacts, "serviceAccounts" | "pods"> {
  const serviceAccounts = names.map((one) => {
    const [namespace = "", name = ""] = one.split("/");
    return { namespace, name };
  });
  const pods = serviceAccounts.map(({ namespace, name }) => ({
    namespace,
    name: `${name}-x1`,
    serviceAccount: name,
  }));
  return { serviceAccounts, pods };
}

export function factsOf(more: Partial<MapFacts> = {}): MapFacts {
  return {
    stack: "prod",
    issuer,
    formerIssuers: [],
    now,
    cluster: { server: "https://10.0.0.1:6443", version: "Kubernetes v1.36.3", issuer, keys: [key] },
    published: [key],
    accounts: [],
    serviceAccounts: [],
    pods: [],
    bindings: [],
    proofs: [],
    unseen: [],
    ...more,
  };
}
