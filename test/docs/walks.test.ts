/** The walks of CONTRIBUTING.md: each of their functions runs, and in that order. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { dirname } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { type JsonRecord, systemClock } from "../../src/core/base/index.ts";
import { Around } from "../../src/operator/webhook/around.ts";
import { makeAuthority, signServing } from "../../src/operator/webhook/certificates.ts";
import { answerReview } from "../../src/operator/webhook/review.ts";
import { ReviewServer } from "../../src/operator/webhook/server.ts";
import { ReviewTallies } from "../../src/operator/webhook/tallies.ts";
import { Roles } from "../../src/operator/roles.ts";
import { followedBinding } from "../support/bindings/followed-world.ts";
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
    answer: (read, client) => answerReview(read, (namespace, name) => around.of(namespace, name, client)),
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

const worlds = { "`podtrust up`": up, "A binding": followedBinding, "A pod's admission": admission };

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
  const [way = ""] = /^## The way of a binding$[^]*?(?=^## )/mu.exec(page) ?? [];
  const [, list = ""] = /```\n([^]*?)```/u.exec(way) ?? [];
  const listed = list.split("\n").flatMap((line) => {
    const [folder, ...names] = line.split(/[ :]+/u).filter((part) => part !== "");
    return folder === undefined ? [] : names.map((name) => `operator/${folder}${name}.ts`);
  });
  /** The rows of its table: a room, and how many of its files run at the most. */
  const rooms = [...way.matchAll(/^\| `(?<room>[a-z/]+)` \| (?<files>\d+) \|/gmu)].map(({ groups }) => ({
    room: groups?.["room"] ?? "",
    files: Number(groups?.["files"]),
  }));
  let ran: readonly string[] = [];

  test("names each file of the operator of which a function runs from the watch event to the status Ready", async (t) => {
    ran = await filesRunIn("src", await followedBinding(t));
    assert.deepEqual(
      listed.toSorted(),
      ran.filter((file) => file.startsWith("operator/")),
    );
  });

  test("is of twelve files in four folders at the most", () => {
    assert.ok(listed.length >= 8 && listed.length <= 12, `${listed.length} files`);
    const folders = new Set(listed.map((file) => dirname(file)));
    assert.ok(folders.size <= 4, [...folders].join(", "));
  });

  test("calls no other rooms than those of its table, and of each no more files than it says", () => {
    const isCounted = (file: string): boolean => !/^(?:core|operator|sandbox)\//u.test(file);
    const counts = new Map(rooms.map(({ room }) => [room, 0]));
    for (const file of ran.filter(isCounted)) {
      const room = rooms.find((one) => file.startsWith(`${one.room}/`))?.room;
      assert.ok(room !== undefined, `src/${file} is in none of the rooms`);
      counts.set(room, (counts.get(room) ?? 0) + 1);
    }
    for (const { room, files } of rooms) {
      const count = counts.get(room) ?? 0;
      assert.ok(count > 0 && count <= files, `of src/${room} ${count} files run, and the page says ${files}`);
    }
  });
});
