import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PodtrustError, systemClock } from "../../core/base/index.ts";
import type { ApplyOptions, KubernetesObject } from "../../providers/kubernetes/index.ts";
import type { BoundAccounts } from "./account/account.ts";
import { awsPasses } from "./aws.ts";
import { ClusterView } from "./cluster-view.ts";
import type { BindingClients, BindingOutcome } from "./pass.ts";
import { BindingPasses } from "./controllers.ts";

const status: ApplyOptions = { fieldManager: "podtrust-bindings", subresource: "status" };
const ended = (againIn: number): BindingOutcome => ({ conditions: [], events: [], changes: [], againIn });
const run = { signal: new AbortController().signal, assertHeld: () => undefined };

function bindingOf(resourceVersion: string): KubernetesObject {
  const metadata = { namespace: "shop", name: "web", resourceVersion };
  return { apiVersion: "podtrust.dev/v1alpha1", kind: "AWSRoleBinding", metadata };
}

/** Passes at an API server that has one binding, whose version each write of it counts up; and what it was asked. */
function passesAt(version: number, refusal: "cluster-conflict" | "cluster-not-found" = "cluster-conflict") {
  const server = { version, reads: 0, expected: [] as (string | undefined)[] };
  const api: BindingClients["cluster"] = {
    server: "https://cluster.test",
    async read() {
      server.reads += 1;
      return bindingOf(String(server.version));
    },
    async apply(object) {
      if (object.kind !== "AWSRoleBinding") return object;
      const { resourceVersion } = object.metadata;
      server.expected.push(resourceVersion);
      if (resourceVersion !== undefined && resourceVersion !== String(server.version))
        throw new PodtrustError(refusal, "the object has been modified");
      server.version += 1;
      return bindingOf(String(server.version));
    },
    removeFinalizer: () => Promise.resolve(),
    requestToken: () => Promise.reject(new Error("no caller asks")),
  };
  const view = new ClusterView(api, systemClock);
  const aws = { subscribe: () => () => {} } as unknown as BoundAccounts;
  return { server, view, passes: new BindingPasses(api, awsPasses(aws), view) };
}

describe("the pass of a binding", () => {
  test("reads it where it was not just seen, and writes it whatever became of it", async () => {
    const { server, passes } = passesAt(5);
    await passes.have("shop/web", run, async (object, { cluster }) => {
      assert.equal(object?.metadata.resourceVersion, "5");
      await cluster.apply(bindingOf("5"), status);
      return ended(60_000);
    });
    assert.equal(server.reads, 1);
  });

  test("that begins with what was just seen reads nothing, and its first write alone has to find it so", async () => {
    const { server, view, passes } = passesAt(5);
    view.take("");
    view.keep(bindingOf("5"));
    const bare = { ...bindingOf(""), metadata: { namespace: "shop", name: "web" } };
    await passes.have("shop/web", run, async (object, { cluster }) => {
      assert.equal(object?.metadata.resourceVersion, "5");
      await cluster.apply({ ...bare, kind: "ServiceAccount" }, status);
      for (const _write of ["first", "second"]) await cluster.apply(bare, status);
      return ended(60_000);
    });
    assert.deepEqual([server.reads, server.expected], [0, ["5", undefined]]);
  });

  for (const gone of [false, true])
    test(`that finds the binding ${gone ? "gone" : "changed"} is had again with the binding read`, async () => {
      const { server, view, passes } = passesAt(6, gone ? "cluster-not-found" : "cluster-conflict");
      view.take("");
      view.keep(bindingOf("5"));
      const begunWith: (string | undefined)[] = [];
      const bare = { ...bindingOf(""), metadata: { namespace: "shop", name: "web" } };
      const outcome = await passes.have("shop/web", run, async (object, { cluster }) => {
        begunWith.push(object?.metadata.resourceVersion);
        await cluster.apply(bare, status);
        return ended(60_000);
      });
      assert.deepEqual([begunWith, server.reads, outcome?.againIn], [["5", "6"], 1, 60_000]);
    });

  test("changes nothing at AWS for what was only seen: it is read first, unless a write has found it so", async () => {
    const { server, view, passes } = passesAt(5);
    view.take("");
    const bare = { ...bindingOf(""), metadata: { namespace: "shop", name: "web" } };
    const changes: string[] = [];
    for (const writesFirst of [false, true]) {
      view.keep(bindingOf(String(server.version)));
      await passes.have("shop/web", run, async (object, { cluster, assertHeld }) => {
        if (writesFirst) await cluster.apply(bare, status);
        assertHeld?.();
        changes.push(`as of ${object?.metadata.resourceVersion}, after ${server.reads} readings`);
        return ended(60_000);
      });
    }
    assert.deepEqual(changes, ["as of 5, after 1 readings", "as of 5, after 1 readings"]);
  });

  test("fails with what is no conflict, and with a conflict of what was read", async () => {
    const { view, passes } = passesAt(5);
    view.take("");
    view.keep(bindingOf("5"));
    const failing = (code: "cluster-conflict" | "cluster-unreachable") =>
      passes.have("shop/web", run, () => Promise.reject(new PodtrustError(code, code)));
    await assert.rejects(failing("cluster-unreachable"), { code: "cluster-unreachable" });
    await assert.rejects(failing("cluster-conflict"), { code: "cluster-conflict" });
  });

  test("keeps the binding as it left it for a pass that comes within twenty seconds, and not for a later one", async () => {
    for (const [againIn, reads] of [
      [8000, 1],
      [60_000, 2],
    ] as const) {
      const { server, passes } = passesAt(5);
      const bare = { ...bindingOf(""), metadata: { namespace: "shop", name: "web" } };
      for (const _turn of ["first", "second"])
        await passes.have("shop/web", run, async (_object, { cluster }) => {
          await cluster.apply(bare, status);
          return ended(againIn);
        });
      assert.equal(server.reads, reads);
    }
  });
});
