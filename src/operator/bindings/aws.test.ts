import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type JsonRecord, systemClock } from "../../core/base/index.ts";
import type { ControllerTools } from "../index.ts";
import { reconcilingBindings } from "./aws.ts";

/** What the operator's mirrors keep of an object, by its kind: another value of it is a pass. */
function kept(): Readonly<Record<string, (object: JsonRecord) => unknown>> {
  const keeps: Record<string, (object: JsonRecord) => unknown> = {};
  const followed = {
    synced: true,
    untilSynced: () => Promise.resolve(),
    keys: () => [],
    subscribe: () => () => {},
    get: () => undefined,
  };
  const follow = ({ kind, keep }: { kind: string; keep: (object: JsonRecord) => unknown }): unknown => {
    keeps[kind] = keep;
    return followed;
  };
  const tools = { clock: systemClock, accounts: followed, follow, api: {}, logger: {}, events: {} };
  reconcilingBindings(tools as unknown as ControllerTools);
  return keeps;
}

const object = (more: JsonRecord): JsonRecord => ({
  metadata: { namespace: "shop", name: "web", uid: "u", generation: 1, ...more },
  spec: { trust: "default", roles: [] },
  status: {},
});

describe("a pass of a binding or a trust", () => {
  for (const kind of ["AWSRoleBinding", "AWSTrust"]) {
    test(`comes at once to an ${kind} whose annotation podtrust.dev/retry changes, and for no other annotation`, () => {
      const keep = kept()[kind];
      assert.ok(keep !== undefined);
      const before = keep(object({}));
      assert.notDeepEqual(keep(object({ annotations: { "podtrust.dev/retry": "1" } })), before);
      assert.deepEqual(keep(object({ annotations: { note: "1" } })), before);
    });
  }
});
