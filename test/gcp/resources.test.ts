import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { recordOf, recordsOf } from "../../src/core/base/index.ts";
import { listPools, listProviders, poolResource, uploadKeys } from "../../src/providers/gcp/index.ts";
import { applyPlan, type ApplyOutcome, isEmpty, planOf } from "../../src/rules/plan/index.ts";
import { membersIn } from "../support/google-model.ts";
import {
  email,
  firstKeys,
  googleWorld,
  type GoogleWorld,
  keysNamed,
  name,
  principal,
  projectNumber,
  shown,
} from "./google-world.ts";
import { stackOwner } from "../support/stack-owner.ts";

const mark = "podtrust stack=prod format=1 id=3f2a91bc";
const codes = ({ failed }: ApplyOutcome): readonly string[] => failed.map(({ error }) => error.code);
const policyOf = ({ google }: GoogleWorld) => google.iam.policies.get(email) ?? {};
const providerOf = ({ google }: GoogleWorld) => google.iam.provider("prod", "prod");
const uploaded = (world: GoogleWorld): string =>
  String(recordOf(providerOf(world)?.fields["oidc"])["jwksJson"]);

async function made(world: GoogleWorld): Promise<void> {
  assert.deepEqual(codes(await world.up()), []);
}

describe("pool, provider and members in a project of Google Cloud", () => {
  test("are made once, with the stack's mark in the call that makes them, and a second plan has nothing to do", async (t) => {
    const world = await googleWorld(t);
    assert.deepEqual(shown(await world.plan()), [
      "create pool/prod: description",
      "create provider/prod/prod: description issuer mapping keys",
      `create member/prod/${email}: principals`,
    ]);
    const marks: unknown[] = [];
    world.google.onWrite = () => marks.push(world.google.iam.pool("prod")?.fields["description"]);
    await made(world);
    assert.deepEqual(marks.slice(0, 2), [undefined, mark]);
    assert.deepEqual(providerOf(world)?.fields, {
      description: mark,
      attributeMapping: { "google.subject": "assertion.sub" },
      attributeCondition: "",
      oidc: {
        issuerUri: "https://oidc.example.com",
        allowedAudiences: [],
        jwksJson: JSON.stringify({ keys: firstKeys }),
      },
    });
    assert.deepEqual(membersIn(policyOf(world)), [principal()]);
    assert.ok(isEmpty(await world.plan()));
    world.google.onWrite = (line) => assert.fail(line);
    await made(world);
  });

  test("that somebody changed are shown field by field and changed back, and what is not ours is left", async (t) => {
    const world = await googleWorld(t);
    await made(world);
    const fields = providerOf(world)?.fields ?? {};
    fields["attributeCondition"] = "true";
    fields["attributeMapping"] = { "google.subject": "assertion.sub + 'x'" };
    fields["displayName"] = "a person's words";
    fields["oidc"] = { issuerUri: "https://other.example.com", allowedAudiences: ["more"], jwksJson: "" };
    const pool = world.google.iam.pool("prod");
    if (pool !== undefined) pool.fields["description"] = `${mark} and a person's words`;
    const theirs = principal("system:serviceaccount:shop:gone");
    world.google.iam.setPolicy(email, {
      bindings: [{ role: "roles/iam.workloadIdentityUser", members: [theirs] }],
    });
    assert.deepEqual(shown(await world.plan()), [
      "update provider/prod/prod: issuer audiences mapping condition keys",
      `update member/prod/${email}: principals`,
    ]);
    await made(world);
    assert.ok(isEmpty(await world.plan()));
    assert.equal(fields["displayName"], "a person's words");
    assert.deepEqual(membersIn(policyOf(world)), [principal()]);
  });

  test("of another stack or of nobody we know are not touched, and another id is proposed", async (t) => {
    for (const description of ["podtrust stack=other format=1 id=3f2a91bc", "Terraform's", ""]) {
      const world = await googleWorld(t);
      world.google.iam.addPool("prod", { description });
      const { refusals, changes } = await world.plan();
      assert.deepEqual(
        refusals.map(({ code }) => code),
        ["plan-name-taken"],
      );
      assert.match(refusals[0]?.next ?? "", /such as pool: prod-2/u);
      assert.equal(changes[0]?.kind, "blocked");
    }
  });

  test("go with down, members first, and keep their ids; up undeletes what carries the mark", async (t) => {
    const world = await googleWorld(t);
    await made(world);
    world.google.calls.length = 0;
    assert.deepEqual(codes(await world.down()), []);
    const writes = world.google.calls.filter((line) => /^DELETE|:setIamPolicy/u.test(line));
    assert.deepEqual(
      writes.map((line) => line.replace(/.*\/(?=workloadIdentityPools|serviceAccounts|providers)/u, "")),
      [
        `serviceAccounts/${encodeURIComponent(email)}:setIamPolicy`,
        "providers/prod",
        "workloadIdentityPools/prod",
      ],
    );
    assert.deepEqual(
      [world.google.iam.pool("prod")?.state, providerOf(world)?.state],
      ["DELETED", "DELETED"],
    );
    assert.deepEqual((await world.down()).done, [], "down again has nothing to do");
    const fresh = { keys: keysNamed("second") };
    assert.deepEqual(shown(await world.plan(fresh)), [
      "update pool/prod: state",
      "update provider/prod/prod: state keys",
      `create member/prod/${email}: principals`,
    ]);
    assert.deepEqual(codes(await world.up(fresh)), []);
    assert.ok(isEmpty(await world.plan(fresh)));
  });

  test("that somebody else deleted are never undeleted, taken over or not", async (t) => {
    const world = await googleWorld(t);
    world.google.iam.addPool("prod", { description: "theirs" }, "DELETED");
    const resource = poolResource(world.api, { ...stackOwner(), ...name });
    const taken = await planOf({ desired: [resource], adopt: new Set([resource.id]) });
    assert.deepEqual(
      taken.refusals.map(({ code }) => code),
      ["gcp-id-taken"],
    );
    assert.match(taken.refusals[0]?.message ?? "", /keeps its id until 2026-12-29T00:00:00Z/u);
    await assert.rejects(world.up(), { code: "plan-name-taken" });
    assert.equal(world.google.iam.pool("prod")?.state, "DELETED");
  });

  test("are taken over where somebody said so, and the words in their description stay", async (t) => {
    const world = await googleWorld(t);
    world.google.iam.addPool("prod", { description: "made by hand" });
    const resource = poolResource(world.api, { ...stackOwner(), ...name });
    const plan = await planOf({ desired: [resource], adopt: new Set([resource.id]) });
    assert.deepEqual(codes(await applyPlan(plan)), []);
    assert.equal(world.google.iam.pool("prod")?.fields["description"], `${mark} made by hand`);
  });

  test("are listed whole, page after page, deleted ones too", async (t) => {
    const world = await googleWorld(t);
    await made(world);
    world.google.iam.addPool("deleted", { description: "" }, "DELETED");
    const { signal } = new AbortController();
    const pools = await listPools(world.api, projectNumber, signal);
    assert.deepEqual(
      pools.map(({ id, state }) => `${id} ${state}`),
      ["prod ACTIVE", "deleted DELETED"],
    );
    const providers = await listProviders(world.api, name, signal);
    assert.deepEqual(
      providers.map(({ id }) => id),
      ["prod"],
    );
  });

  test("that a person disabled stay disabled", async (t) => {
    const world = await googleWorld(t);
    await made(world);
    const fields = providerOf(world)?.fields ?? {};
    fields["disabled"] = true;
    assert.ok(isEmpty(await world.plan()));
    assert.deepEqual(codes(await world.up({ condition: "false" })), []);
    assert.equal(fields["disabled"], true);
  });
});

describe("the policy of a service account of Google", () => {
  const others = [
    {
      role: "roles/iam.workloadIdentityUser",
      members: ["user:a@example.com", principal("system:x", "other")],
    },
    {
      role: "roles/iam.workloadIdentityUser",
      members: [principal("system:serviceaccount:shop:conditional")],
      condition: { expression: "true" },
    },
    { role: "roles/viewer", members: [principal()], unknown: { of: "a newer API" } },
  ];

  test("keeps whatever else it holds, with conditions and members of another pool, there and back", async (t) => {
    const world = await googleWorld(t);
    world.google.iam.setPolicy(email, { bindings: others, auditConfigs: [{ service: "x" }] });
    await made(world);
    const { version, bindings, auditConfigs } = policyOf(world);
    assert.deepEqual([version, auditConfigs], [3, [{ service: "x" }]]);
    const [first, ...rest] = recordsOf(bindings);
    assert.deepEqual(first?.["members"], ["user:a@example.com", principal("system:x", "other"), principal()]);
    assert.deepEqual(rest, others.slice(1));
    assert.deepEqual(codes(await world.down()), []);
    assert.deepEqual(policyOf(world)["bindings"], others);
  });

  test("that somebody else writes at the same time loses nothing of either", async (t) => {
    const world = await googleWorld(t);
    let times = 0;
    world.google.iam.onPolicyRead = (of) => {
      times += 1;
      // Not while it is planned.
      if (times < 3 || times > 5) return;
      const members = [...membersIn(policyOf(world)), `user:${times}@example.com`];
      world.google.iam.setPolicy(of, { bindings: [{ role: "roles/iam.workloadIdentityUser", members }] });
    };
    await made(world);
    assert.deepEqual(membersIn(policyOf(world)), [
      "user:3@example.com",
      "user:4@example.com",
      "user:5@example.com",
      principal(),
    ]);
  });

  test("names 1,500 principals at the most", async (t) => {
    const world = await googleWorld(t);
    const members = Array.from({ length: 1500 }, (_, n) => `user:${n}@example.com`);
    world.google.iam.setPolicy(email, { bindings: [{ role: "roles/viewer", members }] });
    assert.deepEqual(codes(await world.up()), ["gcp-limit"]);
  });

  test("of an account that is not there is an error that names it", async (t) => {
    const world = await googleWorld(t);
    world.google.iam.policies.clear();
    await assert.rejects(world.plan(), {
      code: "gcp-service-account-absent",
      message: new RegExp(email, "u"),
    });
  });
});

describe("the keys of a provider", () => {
  const work = { signal: new AbortController().signal, waiting: () => {} };
  const place = { ...stackOwner(), name };

  test("are uploaded in one call that names nothing else, and none is made where they are these already", async (t) => {
    const world = await googleWorld(t);
    await made(world);
    world.google.calls.length = 0;
    await uploadKeys(world.api, place, keysNamed("first", "second"), work);
    const patches = world.google.calls.filter((line) => line.startsWith("PATCH"));
    assert.equal(patches.length, 1);
    assert.match(patches[0] ?? "", /\?updateMask=oidc\.jwksJson$/u);
    assert.equal(recordOf(providerOf(world)?.fields["oidc"])["issuerUri"], "https://oidc.example.com");
    const same = JSON.parse(uploaded(world)) as { keys: object[] };
    providerOf(world)!.fields["oidc"] = {
      ...recordOf(providerOf(world)?.fields["oidc"]),
      jwksJson: JSON.stringify({ keys: same.keys.reverse() }),
    };
    world.google.onWrite = (line) => assert.fail(line);
    await uploadKeys(world.api, place, keysNamed("second", "first"), work);
  });

  test("that somebody put under the kid of ours are another key: shown, and replaced", async (t) => {
    const world = await googleWorld(t);
    await made(world);
    const planted = keysNamed("first").map((key) => ({ ...key, x: "planted" }));
    providerOf(world)!.fields["oidc"] = {
      ...recordOf(providerOf(world)?.fields["oidc"]),
      jwksJson: JSON.stringify({ keys: planted }),
    };
    const plan = await world.plan();
    const [field] = plan.changes.find(({ kind }) => kind === "update")?.fields ?? [];
    assert.equal(field?.field, "keys");
    assert.notDeepEqual(field?.before, field?.after);
    await made(world);
    assert.equal(uploaded(world), JSON.stringify({ keys: firstKeys }));
  });

  test("are fetched by Google once none shall be uploaded", async (t) => {
    const world = await googleWorld(t);
    await made(world);
    assert.deepEqual(codes(await world.up({ keys: "fetch" })), []);
    assert.equal(uploaded(world), "");
    assert.ok(isEmpty(await world.plan({ keys: "fetch" })));
  });

  test("go to no provider that is absent, deleted or somebody else's", async (t) => {
    const world = await googleWorld(t);
    const upload = () => uploadKeys(world.api, place, firstKeys, work);
    await assert.rejects(upload(), { code: "gcp-provider-absent" });
    await made(world);
    world.google.onWrite = (line) => assert.fail(line);
    providerOf(world)!.fields["description"] = "podtrust stack=other format=1 id=3f2a91bc";
    await assert.rejects(upload(), { code: "gcp-provider-absent" });
    providerOf(world)!.fields["description"] = mark;
    providerOf(world)!.state = "DELETED";
    await assert.rejects(upload(), { code: "gcp-provider-absent" });
  });
});
