import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { silentLogger } from "../../core/base/index.ts";
import { ControllerRunner } from "../controller/index.ts";
import type { Mirror } from "../../providers/kubernetes/index.ts";
import { settle, TestClock } from "../../../test/support/clock.ts";
import { Roles } from "../roles.ts";
import { Finder, type InjectionView } from "./finder.ts";

type Changed = (key: string) => void;

/** Objects that a test says are there. */
class Objects {
  readonly synced = true;
  readonly #objects = new Map<string, InjectionView>();
  readonly #listeners = new Set<Changed>();

  untilSynced(): Promise<void> {
    return Promise.resolve();
  }

  get(key: string): InjectionView | undefined {
    return this.#objects.get(key);
  }

  keys(): Iterable<string> {
    return this.#objects.keys();
  }

  by(): readonly string[] {
    return [...this.#objects.keys()];
  }

  subscribe(changed: Changed): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  set(key: string, object: InjectionView | undefined): void {
    if (object === undefined) this.#objects.delete(key);
    else this.#objects.set(key, object);
    for (const changed of this.#listeners) changed(key);
  }

  get mirror(): Mirror<InjectionView, "account" | "namespace"> {
    return this as unknown as Mirror<InjectionView, "account" | "namespace">;
  }
}

const podOf = (name: string): InjectionView => ({
  metadata: { namespace: "shop", name, uid: name, creationTimestamp: "2026-11-24T00:00:00Z" },
  spec: { serviceAccountName: "web", containers: [{ name: "app" }] },
});
const account: InjectionView = {
  metadata: { annotations: { "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/web" } },
};

describe("what the finder has found", () => {
  test("is of pods that are there, also where they went while another process led", async () => {
    const [pods, accounts, namespaces] = [new Objects(), new Objects(), new Objects()];
    const clock = new TestClock();
    const finder = new Finder({
      api: { read: () => Promise.reject(new Error("not asked")), evict: () => Promise.resolve("absent") },
      pods: pods.mirror,
      accounts: accounts.mirror,
      namespaces: namespaces.mirror,
      roles: new Roles(undefined),
      events: { record: () => Promise.resolve() },
      clock,
      logger: silentLogger,
      injecting: () => true,
    });
    const runner = new ControllerRunner({ controller: finder, clock, logger: silentLogger });
    const term = async (meanwhile: () => void): Promise<void> => {
      const over = new AbortController();
      const leading = runner.lead({ held: true }, over.signal);
      await settle(20);
      meanwhile();
      await settle(20);
      over.abort();
      await leading;
    };
    accounts.set("shop/web", account);
    for (const name of ["stays", "goes"]) pods.set(`shop/${name}`, podOf(name));
    await term(() => {});
    assert.deepEqual(
      finder.found.map(({ pod }) => pod),
      ["shop/stays", "shop/goes"],
    );
    pods.set("shop/goes", undefined);
    await term(() => {});
    assert.deepEqual(
      finder.found.map(({ pod }) => pod),
      ["shop/stays"],
    );
    await term(() => pods.set("shop/stays", undefined));
    assert.deepEqual(finder.found, []);
  });

  const provider = "projects/123456789012/locations/global/workloadIdentityPools/prod/providers/prod";
  for (const { party, onPod = {}, onAccount = {}, says } of [
    {
      party: "OpenBao",
      onPod: { "openbao.podtrust.dev/address": "https://bao.example.com" },
      says: "has no volume openbao-token",
    },
    {
      party: "Google",
      onAccount: { "cloud.google.com/workload-identity-provider": provider },
      says: "has no GOOGLE_APPLICATION_CREDENTIALS in the container app",
    },
    {
      party: "Azure",
      onAccount: { "azure.workload.identity/client-id": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee" },
      says: "has no AZURE_FEDERATED_TOKEN_FILE in the container app",
    },
  ])
    test(`is also one that asks for ${party} and has no token of it: it is reported and stays`, async () => {
      const [pods, accounts, namespaces] = [new Objects(), new Objects(), new Objects()];
      const clock = new TestClock();
      const notes: string[] = [];
      const finder = new Finder({
        api: {
          read: () => Promise.reject(new Error("not asked")),
          evict: () => Promise.reject(new Error("not evicted")),
        },
        pods: pods.mirror,
        accounts: accounts.mirror,
        namespaces: namespaces.mirror,
        roles: new Roles(undefined),
        events: { record: ({ note }) => Promise.resolve(void notes.push(note)) },
        clock,
        logger: silentLogger,
        evict: { perMinute: 60 },
        injecting: () => true,
      });
      const runner = new ControllerRunner({ controller: finder, clock, logger: silentLogger });
      const over = new AbortController();
      const controller = [
        { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web", uid: "u", controller: true },
      ];
      const asking = podOf("web");
      const metadata = { ...(asking["metadata"] as object), annotations: onPod, ownerReferences: controller };
      accounts.set("shop/web", { metadata: { annotations: onAccount } });
      pods.set("shop/web", { ...asking, metadata });
      const leading = runner.lead({ held: true }, over.signal);
      await settle(20);
      assert.deepEqual(
        finder.found.map(({ pod, reason }) => `${reason} ${pod}`),
        ["PodNotInjected shop/web"],
      );
      assert.match(notes.join(), new RegExp(`The pod ${says}.*A pod of it ${says}`, "u"));
      await clock.advance(120_000);
      assert.equal(finder.evicted, 0);
      over.abort();
      await leading;
    });
});
