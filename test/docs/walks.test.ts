/** The walks of CONTRIBUTING.md: each of their functions runs, and in that order. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { dirname } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { type Controller, ControllerRunner, type KeySource } from "../../src/operator/controller/index.ts";
import { type JsonRecord, systemClock } from "../../src/core/base/index.ts";
import { Around } from "../../src/operator/webhook/around.ts";
import { makeAuthority, signServing } from "../../src/operator/webhook/certificates.ts";
import { answerReview } from "../../src/operator/webhook/review.ts";
import { ReviewServer } from "../../src/operator/webhook/server.ts";
import { ReviewTallies } from "../../src/operator/webhook/tallies.ts";
import { Roles } from "../../src/operator/roles.ts";
import { bindingControllers } from "../../src/operator/bindings/index.ts";
import { account, ssm } from "../support/bindings/objects.ts";
import { passWorld } from "../support/bindings/pass-world.ts";
import { rememberingLogger } from "../support/remembering-logger.ts";
import { configText, stackWorld } from "../support/stack-world.ts";
import { filesRunIn, type Step, stepsOf } from "../support/walk.ts";

const chapter = /^## Three walks [^]*?(?=^## )/mu.exec(readFileSync("CONTRIBUTING.md", "utf8"))?.[0] ?? "";

/** The steps of each walk, by its heading. */
const walks = new Map(
  chapter
    .split(/^### /mu)
    .slice(1)
    .map((part): [string, readonly Step[]] => {
      const [heading = ""] = part.split("\n");
      const steps = [...part.matchAll(/^\d+\. `(?<file>src\/[^`]+)` `(?<name>[^`]+)`:/gmu)];
      return [
        heading,
        steps.map(({ groups }) => ({ file: groups?.["file"] ?? "", name: groups?.["name"] ?? "" })),
      ];
    }),
);

async function walked(heading: string, work: () => Promise<unknown>): Promise<void> {
  const steps = walks.get(heading) ?? [];
  assert.ok(steps.length >= 8, `${heading} has ${steps.length} steps`);
  assert.deepEqual(await stepsOf(steps, work), steps);
}

async function up(t: TestContext): Promise<() => Promise<unknown>> {
  const world = await stackWorld(t);
  await world.config(configText(world.issuer.issuer));
  return async () => {
    const { code, err } = await world.podtrust(["up", "--yes"]);
    assert.equal(code, 0, err);
  };
}

const stub = (...keys: readonly string[]): KeySource => ({
  synced: true,
  untilSynced: () => Promise.resolve(),
  keys: () => keys,
  subscribe: () => () => {},
});

async function binding(t: TestContext): Promise<() => Promise<unknown>> {
  const { clients, clock, objects, bind, trust, sandbox } = await passWorld(t);
  trust({
    stack: "prod",
    issuer: sandbox.issuer.issuer,
    accounts: [{ id: account, region: "eu-central-1" }],
    grants: [{ name: "shop", namespaces: ["shop"], accounts: [account], policies: [ssm] }],
  });
  bind({ roles: [{ profile: "default", managed: { policies: [ssm] } }] });
  const [controller] = bindingControllers({
    api: clients.cluster,
    aws: clients.aws,
    clock,
    bindings: stub("shop/web"),
    trustOf: () => "default",
    trusts: stub(),
    accounts: stub(),
    report: () => Promise.resolve(),
  }) as [Controller];
  const ending = new AbortController();
  const ready = (): string => JSON.stringify(objects.get("AWSRoleBinding shop/web")?.["status"] ?? "");
  const reconcile: Controller["reconcile"] = async (key, run) => {
    // A new role is asked about until STS knows it: the first attempt may come too soon.
    for (let attempt = 0; attempt < 5 && !ready().includes("StsAccepted"); attempt += 1) {
      const result = await controller.reconcile(key, run);
      clock.move(result?.againAfterMs ?? 0);
    }
    ending.abort();
    return {};
  };
  const runner = new ControllerRunner({
    controller: { ...controller, follows: [stub("shop/web")], reconcile },
    clock,
    logger: rememberingLogger(),
  });
  return async () => {
    await runner.lead({ held: true }, ending.signal);
    assert.match(ready(), /StsAccepted/u);
  };
}

const annotated = {
  metadata: { annotations: { "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/web" } },
};
const review = {
  apiVersion: "admission.k8s.io/v1",
  kind: "AdmissionReview",
  request: {
    uid: "1",
    operation: "CREATE",
    namespace: "shop",
    resource: { group: "", version: "v1", resource: "pods" },
    object: { metadata: { name: "web" }, spec: { serviceAccountName: "web", containers: [{ name: "web" }] } },
  },
};

async function admission(t: TestContext): Promise<() => Promise<unknown>> {
  const status = { resource: "", synced: true, objects: 1, lists: 1, events: 0 };
  const followed = (object: JsonRecord) => ({ synced: true, status, get: () => object });
  const around = new Around({
    api: { read: () => Promise.resolve(undefined) },
    accounts: followed(annotated),
    namespaces: followed({ metadata: {} }),
    roles: new Roles(undefined),
  });
  const server = new ReviewServer({
    listen: { host: "127.0.0.1", port: 0 },
    answer: (read) => answerReview(read, (namespace, name) => around.of(namespace, name)),
    tallies: new ReviewTallies(),
    clock: systemClock,
    logger: rememberingLogger(),
  });
  const [host, times] = ["podtrust-webhook.podtrust.svc", { now: Date.now(), life: 3_600_000 }];
  const authority = await makeAuthority(times);
  await server.listen();
  t.after(() => server.drain());
  server.use(await signServing(authority, [host], times));
  return async () => {
    const asked = request({
      host: "127.0.0.1",
      port: server.address?.port,
      servername: host,
      ca: authority.certificate,
      path: "/inject",
      method: "POST",
      headers: { "content-type": "application/json", connection: "close" },
      agent: false,
    });
    asked.end(JSON.stringify(review));
    const [response] = (await once(asked, "response")) as [NodeJS.ReadableStream];
    let text = "";
    for await (const part of response) text += String(part);
    assert.match(text, /JSONPatch/u);
  };
}

const worlds = { "`podtrust up`": up, "A binding": binding, "A pod's admission": admission };

describe("the walks of CONTRIBUTING", () => {
  test("are three, with a world for each", () => {
    assert.deepEqual([...walks.keys()], Object.keys(worlds));
  });

  for (const [heading, world] of Object.entries(worlds))
    test(`the functions of this walk run, and in this order: ${heading}`, async (t) => {
      await walked(heading, await world(t));
    });

  test("are told from walks that go another way", async () => {
    const steps = walks.get("A pod's admission") ?? [];
    assert.deepEqual(await stepsOf(steps, () => Promise.resolve()), []);
    await assert.rejects(
      stepsOf([{ file: "src/operator/roles.ts", name: "absent" }], () => Promise.resolve()),
    );
  });
});

describe("the way of a binding in ARCHITECTURE", () => {
  const page = readFileSync("ARCHITECTURE.md", "utf8");
  const [, list = ""] = /^## The way of a binding$[^]*?```\n([^]*?)```/mu.exec(page) ?? [];
  const listed = list.split("\n").flatMap((line) => {
    const [folder, ...names] = line.split(/[ :]+/u).filter((part) => part !== "");
    return folder === undefined ? [] : names.map((name) => `${folder}${name}.ts`);
  });

  test("names each file of the operator of which a function runs until a binding is Ready, and no other", async (t) => {
    assert.deepEqual(listed.toSorted(), await filesRunIn("src/operator", await binding(t)));
  });

  test("is of twelve files in four folders at the most", () => {
    assert.ok(listed.length >= 8 && listed.length <= 12, `${listed.length} files`);
    const folders = new Set(listed.map((file) => dirname(file)));
    assert.ok(folders.size <= 4, [...folders].join(", "));
  });
});
