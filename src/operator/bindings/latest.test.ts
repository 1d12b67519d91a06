import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import { LatestObjects } from "./latest.ts";

function bindingOf(resourceVersion: string, more: object = {}): KubernetesObject {
  const metadata = {
    namespace: "shop",
    name: "web",
    resourceVersion,
    managedFields: [{ manager: "kubectl" }],
  };
  return { apiVersion: "podtrust.dev/v1alpha1", kind: "AWSRoleBinding", metadata, ...more };
}

/** As one of a process that has turns. */
function asked(): LatestObjects {
  const latest = new LatestObjects();
  latest.take("shop/other");
  return latest;
}

describe("bindings whose turn comes soon", () => {
  test("are had once, as they were seen last, without who owns which field", () => {
    const latest = asked();
    latest.keep(bindingOf("7", { spec: { trust: "default" } }));
    const { managedFields: _owners, ...metadata } = bindingOf("7").metadata as unknown as Record<
      string,
      unknown
    >;
    assert.deepEqual(latest.take("shop/web"), { ...bindingOf("7"), metadata, spec: { trust: "default" } });
    assert.equal(latest.take("shop/web"), undefined);
  });

  test("are the newest by their versions as numbers, whichever was told last", () => {
    const latest = asked();
    latest.keep(bindingOf("10"));
    latest.keep(bindingOf("9"));
    latest.changed(bindingOf("10", { status: {} }));
    assert.equal(latest.take("shop/web")?.metadata.resourceVersion, "10");
  });

  test("are the changed ones, where something changed that is no reason for a turn", () => {
    const latest = asked();
    latest.changed(bindingOf("6"));
    assert.equal(latest.take("shop/web"), undefined);
    latest.keep(bindingOf("7"));
    latest.changed(bindingOf("8"));
    assert.equal(latest.take("shop/web")?.metadata.resourceVersion, "8");
  });

  test("are read where a server has versions that are no numbers, also after one that was", () => {
    const latest = asked();
    latest.keep(bindingOf("7"));
    latest.keep(bindingOf("eight"));
    assert.equal(latest.take("shop/web"), undefined);
  });

  test("are read again once they are gone", () => {
    const latest = asked();
    latest.keep(bindingOf("7"));
    latest.gone("shop/web");
    assert.equal(latest.take("shop/web"), undefined);
  });

  test("are not kept where nobody has turns, as in a replica that does not lead", () => {
    const latest = new LatestObjects();
    latest.keep(bindingOf("7"));
    assert.equal(latest.take("shop/web"), undefined);
  });

  test("are kept in four million characters, of which those whose turn never came make room", () => {
    const latest = asked();
    const large = (name: string, length = 1_500_000): KubernetesObject => {
      const { metadata } = bindingOf("7");
      return { ...bindingOf("7"), metadata: { ...metadata, name }, spec: { text: "x".repeat(length) } };
    };
    for (const name of ["a", "b", "c"]) latest.keep(large(name));
    assert.equal(latest.take("shop/a"), undefined);
    assert.equal(latest.take("shop/c")?.metadata.name, "c");
    latest.keep(large("d"));
    latest.keep(large("huge", 4_000_000));
    assert.equal(latest.take("shop/huge"), undefined);
    assert.equal(latest.take("shop/d")?.metadata.name, "d");
  });
});
