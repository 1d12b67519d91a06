import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { EndpointCaller } from "./caller.ts";
import { ObjectCalls } from "./objects.ts";

const names = Array.from({ length: 620 }, (_, index) => `account-${index}`);

/** An API server that gives a list in pages, as etcd's are read; `paths` are those that were asked for. */
function pagedCaller(paths: string[]): EndpointCaller {
  const send = async ({ path }: { readonly path: string }) => {
    paths.push(path);
    const query = new URL(path, "https://cluster").searchParams;
    const from = Number(query.get("continue") ?? 0);
    const end = Math.min(from + Number(query.get("limit")), names.length);
    const items = names.slice(from, end).map((name) => ({ metadata: { name, namespace: "many" } }));
    const metadata = end < names.length ? { continue: String(end) } : {};
    const body = Buffer.from(JSON.stringify({ kind: "ServiceAccountList", metadata, items }));
    return Promise.resolve({ status: 200, headers: {}, body });
  };
  return { server: "https://cluster", send } as unknown as EndpointCaller;
}

describe("a list of objects", () => {
  test("of all namespaces is read page by page, to its end", async () => {
    const paths: string[] = [];
    const found = await new ObjectCalls(pagedCaller(paths)).list({ kind: "ServiceAccount", limit: 5000 }, {});
    assert.deepEqual(
      found.map(({ metadata }) => metadata.name),
      names,
    );
    assert.equal(paths.length, 3);
    for (const path of paths) assert.match(path, /^\/api\/v1\/serviceaccounts\?limit=250/u);
  });

  test("ends at the limit that was asked for, though there are more", async () => {
    const paths: string[] = [];
    const calls = new ObjectCalls(pagedCaller(paths));
    const found = await calls.list({ kind: "ServiceAccount", namespace: "many", limit: 300 }, {});
    assert.equal(found.length, 300);
    assert.match(paths[1] ?? "", /limit=50&continue=250$/u);
    assert.equal((await calls.list({ kind: "ServiceAccount", namespace: "many" }, {})).length, 100);
    assert.equal(paths.length, 3);
  });
});
