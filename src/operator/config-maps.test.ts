import assert from "node:assert/strict";
import { test } from "node:test";
import { type JsonRecord, PodtrustError, recordOf } from "../core/base/index.ts";
import { ConfigMaps, type ConfigMapsOptions } from "./config-maps.ts";
import type { Reconcile } from "./controller/index.ts";
import { Roles } from "./roles.ts";

const role = { "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/web" };

test("a ConfigMap has as many ServiceAccounts as the policies read, and those without room are told of", async () => {
  const names = Array.from({ length: 3000 }, (_, index) => `app-${String(index).padStart(4, "0")}`);
  const applied: JsonRecord[] = [];
  const nothing = { get: () => undefined };
  const options = {
    api: { apply: (object: JsonRecord) => Promise.resolve(applied.push(object)) },
    accounts: {
      by: () => names.map((name) => `shop/${name}`),
      get: (key: string) => ({ metadata: { name: key.slice("shop/".length), annotations: role } }),
    },
    namespaces: nothing,
    configMaps: [nothing, nothing, nothing],
    roles: new Roles(undefined),
  } as unknown as ConfigMapsOptions;
  const run = { signal: AbortSignal.timeout(60_000), assertHeld: () => {} } as unknown as Reconcile;
  const error: unknown = await new ConfigMaps(options).reconcile("shop", run).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof PodtrustError);
  assert.equal(applied.length, 1);
  const text = String(recordOf(applied[0]?.["data"])["role-arn"]);
  const first = text.split("\n").length - 1;
  assert.ok(first > 1000 && text.length <= 131_072, `${first} ServiceAccounts in ${text.length} characters`);
  assert.equal(error.code, "operator-config-map-full");
  const shown = names.slice(first, first + 5).map((name) => `${name} in podtrust-injection`);
  const more = names.length - first - 5;
  assert.match(error.message, new RegExp(`for ${shown.join(", ")}, and ${more} more$`, "u"));
});
