/** Following objects of real API servers through all that becomes of them: nothing missed, nothing stale, each change once. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  collectBytes,
  type JsonRecord,
  PodtrustError,
  recordOf,
  silentLogger,
  systemClock,
  textOf,
} from "../../../src/core/base/index.ts";
import {
  type KubernetesApi,
  Mirror,
  type MirrorOptions,
  openKubernetes,
} from "../../../src/providers/kubernetes/index.ts";
import { rememberingLogger } from "../../support/remembering-logger.ts";
import { type ControlPlane, leftOut, startControlPlane } from "../harness/index.ts";
import { hurriedClock, until } from "./until.ts";
import { maxWait } from "../../support/until.ts";

const skip = leftOut();
const issuer = "https://oidc.example.com";

/** Of a ServiceAccount its annotation `note`. */
const noteOf = (object: JsonRecord): string | undefined => {
  const annotations = recordOf(recordOf(object["metadata"])["annotations"]);
  return textOf(annotations["note"]);
};

type Notes = Mirror<string, "note">;

/** A mirror that runs until the test ends, and what it told of. */
function follow(
  api: Pick<KubernetesApi, "server" | "follow">,
  more: Partial<MirrorOptions<string, "note">> = {},
) {
  const over = new AbortController();
  const mirror: Notes = new Mirror({
    api,
    kind: "ServiceAccount",
    metadataOnly: true,
    keep: noteOf,
    indexes: { note: (_key: string, note: string) => [note] },
    clock: systemClock,
    logger: silentLogger,
    ...more,
  });
  const heard: string[] = [];
  mirror.subscribe((key, old, now) => heard.push(`${key}: ${old ?? "-"} > ${now ?? "-"}`));
  const running = mirror.run(over.signal);
  return {
    mirror,
    heard,
    async [Symbol.asyncDispose]() {
      over.abort(new Error("the test is over"));
      await running;
    },
  };
}

/** Writes a ServiceAccount's note by one of the servers; undefined removes it. */
async function write(
  cluster: ControlPlane,
  name: string,
  note: string | undefined,
  server = 0,
): Promise<void> {
  const collection = "/api/v1/namespaces/default/serviceaccounts";
  const metadata = { name, namespace: "default", annotations: { note } };
  const body = { apiVersion: "v1", kind: "ServiceAccount", metadata };
  const [method, path] =
    note === undefined ? (["DELETE", `${collection}/${name}`] as const) : (["POST", collection] as const);
  const ask = async () => {
    const options = { server, ...(note === undefined ? {} : { body }) };
    const answer = await cluster.ask(path, { method, ...options });
    return answer.status === 409
      ? await cluster.ask(`${collection}/${name}`, { method: "PUT", ...options })
      : answer;
  };
  let answer = await ask();
  // One that was frozen a moment ago may say so for a while.
  await until(async () => {
    if (answer.status >= 500) answer = await ask();
    return answer.status < 500;
  }, `the server writes ${name}`);
  assert.ok(answer.status < 300, answer.text);
}

const contentOf = (mirror: Notes): Record<string, string | undefined> =>
  Object.fromEntries([...mirror.keys()].toSorted().map((key) => [key, mirror.get(key)]));

async function untilIs(mirror: Notes, content: Record<string, string>): Promise<void> {
  const wanted = JSON.stringify(content);
  await until(() => JSON.stringify(contentOf(mirror)) === wanted, wanted);
}

describe("following objects of a real API server", { skip }, () => {
  let cluster: ControlPlane;
  let api: KubernetesApi;

  before(async () => {
    cluster = await startControlPlane({ issuer, servers: 2 });
    api = await openKubernetes({ kubeconfig: cluster.adminKubeconfig });
  });
  after(() => cluster.stop());

  async function clear(...names: string[]): Promise<void> {
    for (const name of names) await write(cluster, name, undefined);
  }

  test("what is there comes first, then each change, and what is not kept is as if it were not there", async () => {
    await write(cluster, "a", "one");
    await cluster.kubectl(["create", "serviceaccount", "without-note"]);
    await using followed = follow(api);
    const { mirror, heard } = followed;
    assert.equal(mirror.synced, false);
    await mirror.untilSynced(AbortSignal.timeout(maxWait));
    assert.deepEqual(contentOf(mirror), { "default/a": "one" });
    await write(cluster, "b", "one");
    await write(cluster, "a", "two");
    await cluster.kubectl(["label", "serviceaccount", "a", "other=thing"]);
    await untilIs(mirror, { "default/a": "two", "default/b": "one" });
    assert.deepEqual([mirror.by("note", "one"), mirror.by("note", "three")], [["default/b"], []]);
    await clear("a", "b");
    await untilIs(mirror, {});
    assert.deepEqual(heard, [
      "default/a: - > one",
      "default/b: - > one",
      "default/a: one > two",
      "default/a: two > -",
      "default/b: one > -",
    ]);
    assert.deepEqual([mirror.status.lists, mirror.by("note", "one")], [1, []]);
  });

  test("a killed API server is said to be away, and what changed meanwhile is heard once it is back", async () => {
    await write(cluster, "stays", "one");
    await write(cluster, "goes", "one");
    const logger = rememberingLogger();
    await using followed = follow(api, { logger });
    const { mirror, heard } = followed;
    await mirror.untilSynced(AbortSignal.timeout(maxWait));
    process.kill(cluster.servers[0]?.pid() ?? 0, "SIGKILL");
    await until(() => mirror.status.failing !== undefined, "it fails");
    assert.deepEqual([mirror.synced, mirror.get("default/goes")], [true, "one"], "what was known is kept");
    await write(cluster, "goes", undefined, 1);
    await write(cluster, "comes", "one", 1);
    await cluster.servers[0]?.restart(cluster.keys());
    await untilIs(mirror, { "default/comes": "one", "default/stays": "one" });
    assert.equal(mirror.status.failing, undefined);
    assert.deepEqual(heard.slice(2).toSorted(), ["default/comes: - > one", "default/goes: one > -"]);
    assert.match(logger.lines.join("\n"), /warn follow serviceaccounts: [^]*up to date again/u);
    await clear("comes", "stays");
  });

  test("an API server that is frozen with its connections open is dead after its silence, and caught up with", async () => {
    await using followed = follow(api, { silenceMs: 2000 });
    const { mirror } = followed;
    await mirror.untilSynced(AbortSignal.timeout(maxWait));
    const pid = cluster.servers[0]?.pid() ?? 0;
    process.kill(pid, "SIGSTOP");
    try {
      await write(cluster, "meanwhile", "one", 1);
      await until(() => mirror.status.failing !== undefined, "it fails");
      assert.equal(mirror.get("default/meanwhile"), undefined);
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await untilIs(mirror, { "default/meanwhile": "one" });
    await clear("meanwhile");
  });

  test("a kind that nobody writes is listed once, while its API server is asked after each silence", async () => {
    let asked = 0;
    const counting: Pick<KubernetesApi, "server" | "follow"> = {
      server: api.server,
      follow: (path, ...rest) => {
        if (path.includes("limit=1")) asked += 1;
        return api.follow(path, ...rest);
      },
    };
    const logger = rememberingLogger();
    await using followed = follow(counting, { silenceMs: 500, logger });
    const { mirror } = followed;
    await until(() => asked >= 10, "the server was asked ten times");
    assert.deepEqual([mirror.status.lists, mirror.status.failing, logger.lines], [1, undefined, []]);
  });

  test("an API server that is away for ten minutes is asked at most every half minute, and found again", async () => {
    const logger = rememberingLogger();
    let asked = 0;
    const counting: Pick<KubernetesApi, "server" | "follow"> = {
      server: api.server,
      follow: (...args) => {
        asked += 1;
        return api.follow(...args);
      },
    };
    await using followed = follow(counting, { clock: hurriedClock, logger });
    const { mirror } = followed;
    await mirror.untilSynced(AbortSignal.timeout(maxWait));
    await cluster.servers[0]?.stop();
    await until(() => mirror.status.failing !== undefined, "it fails");
    asked = 0;
    const began = hurriedClock.elapsed();
    await until(() => asked >= 60, "it has asked sixty times");
    const took = hurriedClock.elapsed() - began;
    assert.ok(took >= 600_000, `sixty times in ${took} ms`);
    await write(cluster, "late", "one", 1);
    await cluster.servers[0]?.restart(cluster.keys());
    await untilIs(mirror, { "default/late": "one" });
    assert.ok(logger.lines.length <= 6, `the same outage is said once: ${logger.lines.join("\n")}`);
    await clear("late");
  });

  test("a watch from a resourceVersion of the future is silent for ever on the server, and not here", async () => {
    let lied = 0;
    async function* ofTheFuture(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      const list = (await collectBytes(body, 1024 * 1024)).toString("utf8");
      yield Buffer.from(list.replace(/"resourceVersion":"\d+"/u, '"resourceVersion":"999999999"'));
    }
    const lying: Pick<KubernetesApi, "server" | "follow"> = {
      server: api.server,
      follow: async (path, options, consume) => {
        // A list in pages, so that a watch from a version comes after it.
        if (path.includes("sendInitialEvents"))
          throw new PodtrustError("cluster-refused", "no WatchList", { detail: { status: 422 } });
        if (!path.includes("limit=500") || (lied += 1) > 1) return api.follow(path, options, consume);
        return api.follow(path, options, (body) => consume(ofTheFuture(body)));
      },
    };
    await using followed = follow(lying, { silenceMs: 3000 });
    const { mirror } = followed;
    await mirror.untilSynced(AbortSignal.timeout(maxWait));
    await until(() => lied > 0, "the watch from the future began");
    await write(cluster, "unheard", "one");
    await untilIs(mirror, { "default/unheard": "one" });
    assert.ok(mirror.status.lists >= 2);
    await clear("unheard");
  });

  test("without the right to list nothing is followed, the right is named, and once it is given all is well", async () => {
    const logger = rememberingLogger();
    const stranger = await openKubernetes({ kubeconfig: await cluster.kubeconfigFor("reader") });
    await using followed = follow(stranger, { logger });
    const { mirror } = followed;
    await until(() => mirror.status.failing !== undefined, "it is refused");
    assert.deepEqual([mirror.status.failing?.code, mirror.synced], ["cluster-forbidden", false]);
    await cluster.kubectl([
      "create",
      "clusterrole",
      "reader",
      "--verb=list,watch",
      "--resource=serviceaccounts",
    ]);
    await cluster.kubectl([
      "create",
      "clusterrolebinding",
      "reader",
      "--clusterrole=reader",
      "--user=reader",
    ]);
    await mirror.untilSynced(AbortSignal.timeout(maxWait));
  });

  test("more objects than are kept are an error that says so, and no memory without end", async () => {
    for (const name of ["x1", "x2", "x3"]) await write(cluster, name, "one");
    await using listed = follow(api, { maxObjects: 2 });
    await until(() => listed.mirror.status.failing !== undefined, "the list is refused");
    assert.match(listed.mirror.status.failing?.message ?? "", /more than 2 objects/u);
    await using watched = follow(api, { maxObjects: 3 });
    await watched.mirror.untilSynced(AbortSignal.timeout(maxWait));
    await write(cluster, "x4", "one");
    await until(() => watched.mirror.status.failing !== undefined, "the fourth is refused");
    assert.equal([...watched.mirror.keys()].length, 3);
    await clear("x1", "x2", "x3", "x4");
  });
});

describe("following objects of an API server without WatchList and without a cache", { skip }, () => {
  let cluster: ControlPlane;
  let api: KubernetesApi;

  before(async () => {
    const extraArgs = ["--feature-gates=WatchList=false", "--watch-cache=false"];
    cluster = await startControlPlane({ issuer, extraArgs });
    api = await openKubernetes({ kubeconfig: cluster.adminKubeconfig });
    const names = Array.from({ length: 620 }, (_, index) => `many-${index}`);
    const items = names.map((name) => ({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name, namespace: "default", annotations: { note: "many" } },
    }));
    await cluster.kubectl(["create", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  });
  after(() => cluster.stop());

  async function compact(): Promise<void> {
    const { text } = await cluster.ask("/api/v1/namespaces/default/serviceaccounts?limit=1");
    const { metadata } = JSON.parse(text) as { metadata: { resourceVersion: string } };
    const answer = await fetch(`${cluster.etcd.url}/v3/kv/compaction`, {
      method: "POST",
      body: JSON.stringify({ revision: metadata.resourceVersion, physical: true }),
    });
    assert.equal(answer.status, 200, await answer.text());
  }

  test("all pages of a list are read, and changes come after them", async () => {
    await using followed = follow(api);
    const { mirror } = followed;
    await mirror.untilSynced(AbortSignal.timeout(maxWait));
    assert.equal(mirror.status.objects, 620);
    await write(cluster, "more", "one");
    await until(() => mirror.get("default/more") === "one", "the change is heard");
    await write(cluster, "more", undefined);
    await until(() => mirror.status.objects === 620, "the end is heard");
  });

  test("a store that was restored to an older state is followed, also where its versions are used a second time", async () => {
    await write(cluster, "old", "one");
    await using followed = follow(api);
    const { mirror } = followed;
    await until(() => mirror.get("default/old") === "one", "the old one is there");
    const server = cluster.servers[0];
    assert.ok(server !== undefined);
    const killed = async (meanwhile: () => Promise<void>): Promise<void> => {
      process.kill(server.pid(), "SIGKILL");
      await meanwhile();
      await server.restart(cluster.keys());
    };
    await killed(() => cluster.etcd.save());
    await write(cluster, "lost", "one");
    await write(cluster, "old", "two");
    await until(
      () => mirror.get("default/lost") === "one" && mirror.get("default/old") === "two",
      "both changes",
    );
    await killed(() => cluster.etcd.restore());
    await until(
      () => mirror.get("default/lost") === undefined && mirror.get("default/old") === "one",
      "the past",
    );
    await write(cluster, "new", "one");
    await until(() => mirror.get("default/new") === "one", "a change after that");
    for (const name of ["new", "old"]) await write(cluster, name, undefined);
  });

  test("a list whose second page is gone with a compaction (410) is begun anew at once", async () => {
    let pages = 0;
    const compacting: Pick<KubernetesApi, "server" | "follow"> = {
      server: api.server,
      follow: async (path, options, consume) => {
        if (path.includes("continue=") && (pages += 1) === 1) {
          await write(cluster, "many-0", "changed");
          await compact();
        }
        return api.follow(path, options, consume);
      },
    };
    await using followed = follow(compacting);
    const { mirror } = followed;
    await mirror.untilSynced(AbortSignal.timeout(maxWait));
    assert.ok(pages >= 2, "the list was begun anew");
    assert.deepEqual([mirror.status.objects, mirror.get("default/many-0")], [620, "changed"]);
    assert.equal(mirror.status.failing, undefined);
  });

  test("a watch that the server ends with 410 in the middle of its stream is seen as gone, and listed anew", async () => {
    let old = 0;
    const stale: Pick<KubernetesApi, "server" | "follow"> = {
      server: api.server,
      follow: (path, options, consume) => {
        if (!path.includes("watch=true") || path.includes("sendInitialEvents") || (old += 1) > 1)
          return api.follow(path, options, consume);
        return api.follow(path.replace(/resourceVersion=\d+/u, "resourceVersion=1"), options, consume);
      },
    };
    await write(cluster, "many-1", "changed");
    await compact();
    await using followed = follow(stale);
    const { mirror } = followed;
    await until(() => mirror.status.lists >= 2, "it is listed a second time");
    assert.equal(mirror.status.failing, undefined, "what is gone is no outage");
  });
});
