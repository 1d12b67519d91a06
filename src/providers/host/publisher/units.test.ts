import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hostLayout, publisherUnits, unitNames } from "../index.ts";

const units = new Map(
  publisherUnits({
    stack: "prod",
    layout: hostLayout("/"),
    https: [{ host: "::", port: 443 }],
    http: [],
    credentials: [],
    adminKubeconfig: "/etc/rancher/k3s/k3s.yaml",
  }),
);

const linesOf = (unit: string): readonly string[] => (units.get(unit) ?? "").split("\n");

describe("the units of a publisher on a machine", () => {
  test("the one that serves runs as a user of its own, which can neither become root nor get a capability", () => {
    const lines = linesOf(unitNames.publisher);
    const desired = [
      "DynamicUser=yes",
      "NoNewPrivileges=yes",
      "CapabilityBoundingSet=",
      "AmbientCapabilities=",
    ];
    assert.deepEqual(
      desired.filter((line) => !lines.includes(line)),
      [],
    );
    assert.ok(!lines.some((line) => /^(?:User|Group|SupplementaryGroups)=(?:root|0)$/u.test(line)));
  });

  test("the one that serves is not given the administrator's kubeconfig, which only root's own service is", () => {
    assert.ok(
      !linesOf(unitNames.publisher).some(
        (line) => line.includes("/etc/rancher/k3s/k3s.yaml") && !line.startsWith("InaccessiblePaths="),
      ),
    );
    assert.ok(linesOf(unitNames.token).some((line) => line.includes("/etc/rancher/k3s/k3s.yaml")));
  });
});
