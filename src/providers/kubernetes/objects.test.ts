import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { PodtrustError } from "../../core/base/index.ts";
import type { EndpointCaller } from "./caller.ts";
import { statusFault } from "./answer.ts";
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

/**
 * An API server that is deleting a definition: it reads and changes objects, and takes no new one, in a dry run neither. As
 * k8s.io/apiextensions-apiserver 0.36.3 answers: pkg/apiserver/customresource_handler.go, forbidCreateAdmission, as a Status of
 * apierrors.NewForbidden.
 */
function endingCaller(): EndpointCaller {
  const message =
    'azureidentitybindings.podtrust.dev "probe" is forbidden: create not allowed while custom resource definition is terminating';
  const status = { kind: "Status", status: "Failure", reason: "Forbidden", code: 403, message };
  const send = (): Promise<unknown> =>
    Promise.resolve({ status: 403, headers: {}, body: Buffer.from(JSON.stringify(status)) });
  return { server: "https://cluster", send, fault: statusFault } as unknown as EndpointCaller;
}

describe("an object whose definition is being deleted", () => {
  const probe = {
    apiVersion: "podtrust.dev/v1alpha1",
    kind: "AzureIdentityBinding",
    metadata: { namespace: "default", name: "probe" },
  };
  const calls = new ObjectCalls(endingCaller());
  for (const [how, call] of Object.entries({
    applied: () => calls.apply(probe, { fieldManager: "podtrust-bind", dryRun: true }),
    made: () => calls.create(probe, {}),
  }))
    test(`is refused where it is ${how}, as what it is: no right is missing, and the kind and the way out are named`, async () => {
      await assert.rejects(call(), (error: PodtrustError) => {
        assert.equal(error.code, "cluster-refused");
        assert.match(error.message, /AzureIdentityBinding .*: its definition is being deleted/u);
        assert.match(error.next, /Finish the uninstall: .* finalizer/u);
        assert.doesNotMatch(`${error.message} ${error.next}`, /the right to/u);
        return true;
      });
    });
});
