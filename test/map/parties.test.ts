/** Relying parties beside AWS on the trust map. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { MapFacts, MapParty } from "../../src/map/facts.ts";
import { breakageOf, mapPage, trustMap, type TrustMap } from "../../src/map/index.ts";
import { factsOf, inCluster, issuer, now } from "./facts.ts";

const email = "web@shop.iam.gserviceaccount.com";

const google: MapParty = {
  title: "Google Cloud",
  place: "project shop",
  provider: { name: "prod/prod", issuer, uploaded: ["first"], details: [["Keys", "uploaded: first"]] },
  identities: [{ name: email, exists: true, letsIn: ["shop/web"], wanted: ["shop/web"], policies: [] }],
  proofs: [{ identity: email, serviceAccount: "shop/web", kid: "first", accepted: true, said: "" }],
};

const bao: MapParty = {
  title: "OpenBao",
  place: "https://bao.example.com",
  provider: { name: "auth/podtrust", issuer, details: [["Audience", "https://bao.example.com"]] },
  identities: [
    {
      name: "role web",
      exists: true,
      letsIn: ["shop/web"],
      wanted: ["shop/web"],
      policies: ["read-web"],
    },
  ],
  proofs: [],
};

const facts = (parties: readonly MapParty[], more: Partial<MapFacts> = {}): MapFacts =>
  factsOf({ ...inCluster("shop/web", "shop/job"), accounts: [], parties, ...more });

const identity = (party: MapParty, more: Partial<MapParty["identities"][number]>): MapParty => ({
  ...party,
  identities: party.identities.map((one) => ({ ...one, ...more })),
});

const textsOf = (map: TrustMap): readonly string[] =>
  map.findings.map(({ kind, rule, text }) => `${kind} ${rule}: ${text}`);

describe("relying parties beside AWS on the map", () => {
  test("have providers and identities of their own, through which a ServiceAccount becomes an identity", () => {
    const map = trustMap(facts([google, bao]));
    assert.deepEqual(
      map.access.map(({ serviceAccount, role, provider, outcome, askedBy }) => [
        serviceAccount,
        role,
        provider,
        outcome,
        ...askedBy,
      ]),
      [
        [
          "service-account shop/web",
          `role Google Cloud, project shop, ${email}`,
          "provider Google Cloud, project shop, prod/prod",
          "admitted",
          "config",
        ],
        [
          "service-account shop/web",
          "role OpenBao, https://bao.example.com, role web",
          "provider OpenBao, https://bao.example.com, auth/podtrust",
          "admitted",
          "config",
        ],
      ],
    );
    assert.deepEqual(textsOf(map), []);
    assert.deepEqual(
      map.nodes.filter(({ kind }) => kind === "policy").map(({ name, party }) => [name, party]),
      [["read-web", "OpenBao"]],
    );
  });

  test("prove a way where a token was tried just now, and show which key signed it", () => {
    const map = trustMap(facts([google, bao]));
    const at = new Date(now).toISOString();
    assert.deepEqual(map.access[0]?.proof, { outcome: "accepted", at, by: "this run" });
    assert.equal(map.access[1]?.proof, undefined);
    assert.equal(map.nodes.find(({ kind }) => kind === "key")?.state, "current");
    const said = "invalid_grant: The audience does not match";
    const refused = { ...google, proofs: google.proofs.map((one) => ({ ...one, accepted: false, said })) };
    const other = trustMap(facts([refused]));
    assert.deepEqual(other.access[0]?.proof, { outcome: "refused", at, by: "this run", said });
    assert.deepEqual(textsOf(other), [`broken token-refused: Google Cloud refused shop/web now: ${said}`]);
  });

  test("show what is let in beside the config, and what is not", () => {
    const party = identity(google, { letsIn: ["shop/job"], others: "alice" });
    assert.deepEqual(textsOf(trustMap(facts([party]))), [
      "broken not-admitted: it does not let in shop/web, which should become it",
      "wider not-asked-for: it lets in shop/job, which neither the config nor a binding names",
      "wider other-principals: it lets in alice too",
    ]);
  });

  test("take a binding's word: who asked for a way, when it was proved, and that it is meant", () => {
    const lastProof = "2026-11-28T11:30:00Z";
    const ready = { status: "True", reason: "GoogleAccepted", message: "" } as const;
    const binding = {
      kind: "GCPServiceAccountBinding",
      namespace: "shop",
      name: "job",
      becomes: [email],
      ready,
      lastProof,
    } as const;
    const party = identity(google, { letsIn: ["shop/web", "shop/job"] });
    const map = trustMap(facts([party], { bindings: [binding] }));
    assert.deepEqual(textsOf(map), []);
    const way = map.access.find(({ serviceAccount }) => serviceAccount === "service-account shop/job");
    assert.deepEqual(way?.askedBy, ["binding shop/job"]);
    assert.deepEqual(way?.proof, { outcome: "accepted", at: lastProof, by: "binding shop/job" });
    // Of another ServiceAccount or identity it says nothing.
    for (const other of [
      { ...binding, name: "other" },
      { ...binding, becomes: ["other@shop.iam.gserviceaccount.com"] },
    ])
      assert.match(textsOf(trustMap(facts([party], { bindings: [other] }))).join(), /not-asked-for/u);
  });

  test("know an identity by its resource id, in any case, and show on it that its binding is not Ready", () => {
    const id = "/subscriptions/s/resourceGroups/Apps/providers/x/web";
    const ready = { status: "False", reason: "QuotaReached", message: "20 of 20" } as const;
    const binding = { kind: "AzureIdentityBinding", namespace: "shop", name: "job" } as const;
    const party = identity(google, { id, letsIn: ["shop/web", "shop/job"] });
    const bound = { ...binding, becomes: [id.toLowerCase()], ready };
    const map = trustMap(facts([party], { bindings: [bound] }));
    assert.deepEqual(textsOf(map), [
      "broken binding-not-ready: the AzureIdentityBinding shop/job is not Ready: QuotaReached: 20 of 20",
    ]);
    const mine = { ...bound, kind: "GCPServiceAccountBinding", becomes: [email] } as const;
    const named = trustMap(facts([identity(google, { letsIn: ["shop/job"] })], { bindings: [mine] }));
    const finding = named.findings.find(({ rule }) => rule === "binding-not-ready");
    assert.equal(finding?.node, `role Google Cloud, project shop, ${email}`);
  });

  test("report keys that were not uploaded and outdated ones, and nothing where keys are fetched", () => {
    const uploaded = (...kids: readonly string[]): MapParty => ({
      ...google,
      provider: { name: "prod/prod", issuer, uploaded: kids, details: [] },
    });
    const [lacks, extra] = textsOf(trustMap(facts([uploaded("before")])));
    assert.match(lacks ?? "", /^broken key-not-uploaded: it lacks first, /u);
    assert.match(extra ?? "", /^wider key-uploaded-still: it has before, /u);
    assert.deepEqual(textsOf(trustMap(facts([uploaded("first")]))), []);
    assert.deepEqual(textsOf(trustMap(facts([bao]))), []);
  });

  test("report what the config names and does not exist, and do not draw it", () => {
    const map = trustMap(
      facts([identity({ ...google, provider: undefined }, { exists: false, letsIn: [] })]),
    );
    assert.deepEqual(textsOf(map), [
      "broken provider-missing: Google Cloud, project shop has no provider of this stack, which the config names",
      `broken role-missing: Google Cloud, project shop has no ${email}, which the config names`,
    ]);
    assert.deepEqual([map.access, map.nodes.filter(({ party }) => party !== undefined)], [[], []]);
  });

  test("let no ServiceAccount of this cluster in through a provider of another issuer", () => {
    const elsewhere = {
      ...google,
      provider: { name: "prod/prod", issuer: "https://other.example", details: [] },
    };
    const map = trustMap(facts([elsewhere]));
    assert.deepEqual(map.access, []);
    assert.ok(!map.links.some(({ kind }) => kind === "registered"));
  });

  test("need the issuer's documents only where they fetch them", () => {
    const map = trustMap(facts([google, bao]));
    const lost = breakageOf(map)(`issuer ${issuer}`).losses.map(({ role }) => role);
    assert.deepEqual(lost, ["role OpenBao, https://bao.example.com, role web"]);
    const key = map.nodes.find(({ kind }) => kind === "key")?.id ?? "";
    assert.equal(breakageOf(map)(key).losses.length, 2);
  });

  test("stand on the page under their own names, and not as accounts of AWS", () => {
    const page = mapPage(trustMap(facts([google, bao]))).replaceAll(/\s+/gu, " ");
    assert.match(page, /Which ServiceAccount can become what in AWS, Google Cloud, OpenBao by a token of/u);
    assert.match(page, /Google Cloud let it in on/u);
    assert.match(page, /it is named there; OpenBao was not asked/u);
    assert.match(page, /at Google Cloud, project shop</u);
    assert.match(page, /What policies of resources say, which were not read/u);
    assert.doesNotMatch(page, /Account Google|account Google|STS let it in/u);
  });
});
