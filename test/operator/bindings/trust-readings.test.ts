/** The trusts of ClusterView's contract: what it says of them is what the cluster's whole past allows. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { ClusterView, maxTrustAge } from "../../../src/operator/bindings/cluster-view.ts";
import type { KubernetesObject } from "../../../src/providers/kubernetes/index.ts";
import { readTrust, shareOf, type Trust } from "../../../src/rules/bindings/index.ts";
import { account } from "../../support/bindings/objects.ts";
import { runs } from "../../support/runs.ts";

const { signal } = new AbortController();
const names = ["one", "two"] as const;
const namespaces = ["a", "b"] as const;

/** A trust whose one grant is for namespace a alone, or for both. */
function trustOf(name: string, generation: number): KubernetesObject {
  const grant = { name: "shop", namespaces: namespaces.slice(0, 1 + (generation % 2)), accounts: [account] };
  const accounts = [{ id: account, region: "eu-central-1" }];
  return {
    apiVersion: "podtrust.dev/v1alpha1",
    kind: "AWSTrust",
    metadata: { name, uid: name, generation },
    spec: { stack: "prod", issuer: "https://oidc.example.com", accounts, grants: [grant] },
  };
}

function trustIn(object: KubernetesObject | undefined): Trust | undefined {
  if (object === undefined) return undefined;
  const read = readTrust(object);
  assert.ok("object" in read, JSON.stringify(read));
  return read.object;
}

interface Past {
  readonly from: number;
  readonly object: KubernetesObject | undefined;
}

const name = fc.constantFrom(...names);
const step = fc.oneof(
  fc.record({ kind: fc.constant("write" as const), name, isThere: fc.boolean(), isShown: fc.boolean() }),
  fc.record({ kind: fc.constant("read" as const), name, fails: fc.constantFrom(false, false, true) }),
  fc.record({ kind: fc.constant("elapse" as const), ms: fc.constantFrom(1, 998, 999, 5000) }),
);

test("property: a trust was so within the last second and after its last change that was shown, and shares are judged by it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60, size: "max" }), async (steps) => {
      const state = { now: 0, calls: 0, fails: false };
      const pasts = new Map<string, Past[]>(names.map((one) => [one, [{ from: 0, object: undefined }]]));
      const [shown, read] = [new Map<string, number>(), new Map<string, Trust | undefined>()];
      const view = new ClusterView(
        {
          read: (ref) => {
            state.calls += 1;
            if (state.fails) return Promise.reject(new Error("it starts"));
            return Promise.resolve(pasts.get(ref.name)?.at(-1)?.object);
          },
        },
        { elapsed: () => state.now },
      );
      for (const one of steps) {
        if (one.kind === "elapse") state.now += one.ms;
        if (one.kind === "write") {
          const past = pasts.get(one.name) ?? [];
          const object = one.isThere ? trustOf(one.name, past.length) : undefined;
          past.push({ from: state.now, object });
          if (one.isShown) view.trustChanged(one.name);
          if (one.isShown) shown.set(one.name, state.now);
        }
        if (one.kind === "read") {
          const past = pasts.get(one.name) ?? [];
          const oldest = Math.max(state.now - maxTrustAge + 1, shown.get(one.name) ?? 0);
          const possible = past.filter((_, index) => (past[index + 1]?.from ?? Infinity) > oldest);
          state.fails = one.fails;
          const { calls } = state;
          const answer = await view.trust(one.name, signal).catch((error: unknown) => error);
          state.fails = false;
          if (answer instanceof Error) assert.equal(state.calls, calls + 1, "a failure is shared later");
          else {
            const object = possible.find((was) => was.object === answer);
            assert.ok(object !== undefined, `${JSON.stringify(answer)} at ${state.now}`);
            const asked = state.calls;
            assert.equal(await view.trust(one.name, signal), answer);
            assert.equal(state.calls, asked, "what was just read is read again");
            read.set(one.name, trustIn(object.object));
          }
        }
        const trusts = names.toSorted().flatMap((of) => read.get(of) ?? []);
        for (const namespace of namespaces) assert.equal(view.shareOf(namespace), shareOf(namespace, trusts));
        // Two things never happen at one moment.
        state.now += 1;
      }
    }),
    { numRuns: runs(300) },
  );
});
