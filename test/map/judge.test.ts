import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { redacted } from "../../src/doctor/index.ts";
import { breakageOf, trustMap, type TrustMap } from "../../src/map/index.ts";
import { emptyRecord, judgeTheft } from "../../src/rules/rotation/index.ts";
import { podTokensOf } from "../../src/rules/tokens/index.ts";
import { rotationFacts, serverWith } from "../support/rotation-facts.ts";
import {
  account,
  accountWith,
  factsOf,
  inCluster,
  now,
  onlyFor,
  providerArn,
  role,
  trust,
  wanted,
} from "./facts.ts";

const id = (name: string): string => `role arn:aws:iam::${account}:role/${name}`;
const ways = (map: TrustMap): readonly string[] =>
  map.access.map(
    ({ serviceAccount, role: to, outcome }) =>
      `${serviceAccount.split(" ")[1]} ${outcome} ${to.split("/")[1]}`,
  );
const rules = (map: TrustMap, node?: string): readonly string[] =>
  map.findings
    .filter((one) => node === undefined || one.node === node)
    .map(({ kind, rule }) => `${kind} ${rule}`);

describe("the trust map", () => {
  test("says of a ServiceAccount that a role names: it can become it, proved when STS was asked", () => {
    const map = trustMap(
      factsOf({
        ...inCluster("shop/web"),
        accounts: [
          accountWith([role("web", trust(onlyFor("shop/web")))], { wanted: [wanted("web", "shop/web")] }),
        ],
        proofs: [
          { account, role: "web", serviceAccount: "shop/web", kid: "first", accepted: true, said: "" },
        ],
      }),
    );
    assert.deepEqual(ways(map), ["shop/web admitted web"]);
    assert.deepEqual(map.access[0]?.askedBy, ["config"]);
    const at = new Date(now).toISOString();
    assert.deepEqual(map.access[0]?.proof, { outcome: "accepted", at, by: "this run" });
    assert.deepEqual(map.findings, []);
    assert.equal(map.nodes.find(({ kind }) => kind === "key")?.state, "current");
  });

  test("lets the rules of STS decide: a Deny keeps out what a statement lets in, and is shown", () => {
    const deny = {
      Effect: "Deny",
      Principal: { Federated: providerArn },
      Action: "sts:AssumeRoleWithWebIdentity",
      Condition: onlyFor("shop/web"),
    };
    const roles = [role("web", trust(onlyFor("shop/web", "shop/job"), [deny]))];
    const map = trustMap(
      factsOf({
        ...inCluster("shop/web", "shop/job"),
        accounts: [accountWith(roles, { wanted: [wanted("web", "shop/web", "shop/job")] })],
      }),
    );
    assert.deepEqual(ways(map), ["shop/job admitted web"]);
    assert.ok(rules(map, id("web")).includes("broken not-admitted"));
  });

  test("finds every ServiceAccount of the cluster behind a pattern, and that unknown ones get in too", () => {
    const pattern = {
      StringEquals: { "oidc.example.com:aud": "sts.amazonaws.com" },
      StringLike: { "oidc.example.com:sub": "system:serviceaccount:*:*" },
    };
    const map = trustMap(
      factsOf({
        ...inCluster("shop/web", "other/job"),
        accounts: [accountWith([role("open", trust(pattern))])],
      }),
    );
    assert.deepEqual(ways(map).toSorted(), ["other/job admitted open", "shop/web admitted open"]);
    assert.deepEqual(rules(map, id("open")), ["wider any-service-account"]);
  });

  test("names what lets in more than it says: uninvited, absent, other principals and audiences, old keys", () => {
    const root = {
      Effect: "Allow",
      Principal: { AWS: `arn:aws:iam::${account}:root` },
      Action: "sts:AssumeRole",
    };
    const roles = [role("web", trust(onlyFor("shop/web", "shop/extra", "shop/gone"), [root]))];
    const clientIds = ["sts.amazonaws.com", "old-audience"];
    const base = accountWith(roles, { wanted: [wanted("web", "shop/web")] });
    const [own] = base.providers;
    assert.ok(own !== undefined);
    const map = trustMap(
      factsOf({
        ...inCluster("shop/web", "shop/extra"),
        accounts: [{ ...base, providers: [{ ...own, clientIds }] }],
        published: [
          { kid: "first", alg: "ES256" },
          { kid: "old", alg: "RS256" },
        ],
      }),
    );
    assert.deepEqual(rules(map), [
      "wider other-principals",
      "wider not-asked-for",
      "wider absent-service-account",
      "wider other-audience",
      "wider key-retained",
    ]);
    const text = map.findings.map((one) => one.text).join("\n");
    assert.match(text, /shop\/extra/u);
    assert.match(text, /lets in shop\/gone, which the cluster does not have/u);
  });

  test("names what is unused: a provider without a role, a role without a ServiceAccount, one without a pod", () => {
    const unused = {
      ...accountWith([]).providers[0],
      arn: providerArn.replace("oidc.example", "other.example"),
      url: "other.example.com",
    };
    const roles = [role("gone", trust(onlyFor("shop/gone"))), role("idle", trust(onlyFor("shop/idle")))];
    const base = accountWith(roles);
    const map = trustMap(
      factsOf({
        ...inCluster("shop/idle"),
        pods: [],
        accounts: [{ ...base, providers: [...base.providers, unused as (typeof base.providers)[number]] }],
      }),
    );
    assert.deepEqual(
      rules(map).filter((one) => one.startsWith("unused")),
      ["unused provider-unused", "unused role-unused", "unused role-without-pods"],
    );
  });

  test("says nothing of ServiceAccounts and pods that were not seen, and keeps why", () => {
    const { serviceAccounts: _accounts, pods: _pods, ...blind } = factsOf();
    const why = { what: "Pods of the cluster", why: "it may not list them" };
    const map = trustMap({
      ...blind,
      accounts: [accountWith([role("web", trust(onlyFor("shop/web")))])],
      unseen: [why],
    });
    assert.deepEqual(ways(map), ["shop/web admitted web"]);
    assert.deepEqual(map.findings, []);
    assert.deepEqual(map.unseen, [why]);
    const who = map.nodes.find(({ kind }) => kind === "service-account");
    assert.deepEqual([who?.exists, who?.pods], [undefined, undefined]);
  });

  test("takes the operator's word for a binding: proved when it was, and why it is not Ready", () => {
    const lastProof = "2026-11-27T08:00:00Z";
    const roles = [role("web", trust(onlyFor("shop/web")))];
    const [{ arn } = { arn: "" }] = roles;
    const bindings = [
      {
        kind: "AWSRoleBinding",
        namespace: "shop",
        name: "web",
        becomes: [arn],
        ready: { status: "True", reason: "TokenAccepted", message: "" },
        lastProof,
      },
      {
        kind: "AWSRoleBinding",
        namespace: "shop",
        name: "late",
        becomes: [],
        ready: { status: "False", reason: "RoleMissing", message: "there is none" },
      },
    ] as const;
    const map = trustMap(factsOf({ ...inCluster("shop/web"), bindings, accounts: [accountWith(roles)] }));
    assert.deepEqual(map.access[0]?.proof, { outcome: "accepted", at: lastProof, by: "binding shop/web" });
    assert.deepEqual(map.access[0]?.askedBy, ["binding shop/web"]);
    assert.deepEqual(rules(map), ["broken binding-not-ready"]);
    assert.match(map.findings[0]?.text ?? "", /AWSRoleBinding shop\/late is not Ready: RoleMissing/u);
    assert.deepEqual(map.bindings, bindings);
  });

  test("reports bindings of every kind that no operator has reconciled", () => {
    const bindings = (["AzureIdentityBinding", "GCPServiceAccountBinding"] as const).map((kind) => ({
      kind,
      namespace: "shop",
      name: "web",
      becomes: [],
    }));
    const map = trustMap(factsOf({ bindings }));
    assert.deepEqual(
      map.findings.map(({ rule, text }) => `${rule}: ${text}`),
      bindings.map(
        ({ kind }) =>
          `binding-not-ready: the ${kind} shop/web is not Ready: no operator has reconciled it yet`,
      ),
    );
  });

  test("leaves open what only the call brings, and names the key on which it hangs", () => {
    const condition = { ...onlyFor("shop/web"), IpAddress: { "aws:SourceIp": "192.0.2.0/24" } };
    const map = trustMap(
      factsOf({ ...inCluster("shop/web"), accounts: [accountWith([role("web", trust(condition))])] }),
    );
    assert.deepEqual(ways(map), ["shop/web undecided web"]);
    assert.deepEqual(map.access[0]?.decidingKeys, ["aws:SourceIp"]);
  });
});

describe("what breaks when something goes", () => {
  const roles = [role("web", trust(onlyFor("shop/web"))), role("job", trust(onlyFor("shop/job")))];
  const facts = factsOf({ ...inCluster("shop/web", "shop/job"), accounts: [accountWith(roles)] });

  test("a role takes its own ways, a provider, an issuer and the signing key all of them", () => {
    const breaks = breakageOf(trustMap(facts));
    assert.deepEqual(
      breaks(id("web")).losses.map(({ serviceAccount }) => serviceAccount),
      ["service-account shop/web"],
    );
    for (const node of [`provider ${providerArn}`, "issuer https://oidc.example.com", "key first"])
      assert.equal(breaks(node).losses.length, 2, node);
    assert.match(
      breaks("key first").text,
      /^2 ServiceAccounts can no longer become 2 roles; 2 pods run as them, until/u,
    );
  });

  test("a provider beside which another leads to the same role takes nothing", () => {
    const former = "https://former.example.com";
    const second = {
      arn: providerArn.replace("oidc.example", "former.example"),
      url: "former.example.com",
      clientIds: ["sts.amazonaws.com"],
      thumbprints: [],
      tags: {},
    };
    const also = {
      Effect: "Allow",
      Principal: { Federated: second.arn },
      Action: "sts:AssumeRoleWithWebIdentity",
      Condition: JSON.parse(
        JSON.stringify(onlyFor("shop/web")).replaceAll("oidc.example", "former.example"),
      ) as object,
    };
    const base = accountWith([role("web", trust(onlyFor("shop/web"), [also]))]);
    const map = trustMap({
      ...facts,
      formerIssuers: [former],
      accounts: [{ ...base, providers: [...base.providers, second] }],
    });
    assert.equal(map.access.length, 2);
    const breaks = breakageOf(map);
    assert.deepEqual(breaks(`provider ${providerArn}`).losses, []);
    assert.equal(breaks("key first").losses.length, 1);
  });

  test("a key names the pods whose tokens are refused, as rotate stolen does", () => {
    const podOf = (name: string, expirationSeconds: number) => ({
      metadata: { namespace: "shop", name, uid: name },
      spec: {
        volumes: [
          {
            projected: {
              sources: [{ serviceAccountToken: { audience: "sts.amazonaws.com", expirationSeconds } }],
            },
          },
        ],
      },
      status: { startTime: new Date(now - 7_200_000).toISOString() },
    });
    const tokens = [podOf("web", 86_400), podOf("job", 600), podOf("api", 0)].flatMap(
      (pod) => podTokensOf(pod) ?? [],
    );
    const pods = tokens.map((one) => ({
      namespace: "shop",
      name: one.name,
      serviceAccount: one.name,
      tokens: one,
    }));
    const keys = [...(facts.published ?? []), { kid: "old", alg: "ES256" }];
    const absentSince = now - 3_600_000;
    const publisher = [
      { kid: "first", alg: "ES256", state: "current", signs: { by: "token", at: now } },
      { kid: "old", alg: "ES256", state: "retained", absentSince },
    ] as const;
    const published = [...keys, { kid: "next", alg: "ES256" }];
    const cluster = { ...(facts.cluster ?? assert.fail()), keys: published };
    const rotation = {
      ...emptyRecord,
      next: "next",
      keys: [{ kid: "old", signsSince: 1, retiredAt: absentSince }, { kid: "next" }],
    };
    const map = trustMap({ ...facts, cluster, pods, published, publisher, rotation });
    const breaks = breakageOf(map);
    const stolen = (kid: string): readonly string[] => {
      const servers = [serverWith("a", ["first", "old", "next"])];
      const seen = rotationFacts({ now, servers, record: rotation });
      const tokenRules = { audiences: [facts.issuer], maximum: undefined, extend: true };
      const theft = judgeTheft(seen, kid, { pods: tokens, rules: tokenRules, sessionMs: 0 });
      return theft.pods.map(({ namespace, name }) => `${namespace}/${name}`);
    };
    for (const kid of ["first", "old", "next"]) {
      const node = map.nodes.find((one) => one.id === `key ${kid}`);
      assert.deepEqual(node?.hit, stolen(kid), kid);
    }
    assert.match(breaks("key first").text, /; the tokens of 3 pods are refused until .*: shop\/web, shop/u);
    assert.match(breaks("key old").text, /^New tokens are not affected; the tokens of 1 pod .*: shop\/web$/u);
    assert.match(breaks("key next").text, /^Nothing yet/u);
  });

  test("a key that does not sign refuses only what it signed before, which cannot be seen from here", () => {
    const keys = [...(facts.published ?? []), { kid: "old", alg: "ES256" }];
    const breaks = breakageOf(trustMap({ ...facts, published: keys }));
    assert.deepEqual(breaks("key old").losses, []);
    assert.match(breaks("key old").text, /Which pods hold one cannot be seen from here/u);
    assert.deepEqual(breaks("no such node").losses, []);
  });
});

test("a redacted map has no account ID and no ARN, and still distinguishes accounts", () => {
  const more = { inline: { mine: "{}" }, boundary: `arn:aws:iam::${account}:policy/limit` };
  const other = "444455556666";
  const others = {
    Effect: "Allow",
    Principal: { AWS: [`arn:aws:iam::${other}:root`, other] },
    Action: "sts:AssumeRole",
  };
  const map = trustMap(
    factsOf({
      accounts: [accountWith([role("web", trust(onlyFor("shop/web"), [others]), more)])],
      unseen: [
        {
          what: `account ${account}`,
          why: `arn:aws:sts::${account}:assumed-role/me/x may not iam:ListRoles`,
        },
      ],
    }),
  );
  const text = JSON.stringify(redacted(map));
  assert.doesNotMatch(text, /arn:|\d{12}/u);
  const [own, foreign] = [/"account":"(account-\d+)"/u.exec(text)?.[1], /, (account-\d+)/u.exec(text)?.[1]];
  assert.ok(own !== undefined && foreign !== undefined && own !== foreign, text);
  // Alike stays alike, so that links still lead somewhere.
  const { nodes, links } = redacted(map);
  for (const { from, to } of links)
    for (const end of [from, to])
      assert.ok(
        nodes.some((node) => node.id === end),
        end,
      );
});
