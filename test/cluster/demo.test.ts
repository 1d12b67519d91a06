import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import type { DemoReport } from "../../src/demo/index.ts";
import { leftOut, startControlPlane } from "./harness/index.ts";
import { podtrust } from "./story/podtrust.ts";

test(
  "podtrust demo --kubeconfig runs the full flow with a real cluster under its own issuer",
  { skip: leftOut() },
  async () => {
    const issuer = `https://${randomUUID()}.cluster.example`;
    await using plane = await startControlPlane({ issuer, jwksUri: `${issuer}/openid/v1/jwks` });
    const { code, out, err } = await podtrust("demo", "--kubeconfig", plane.adminKubeconfig, "--json");
    assert.equal(code, 0, err + out);
    const report = JSON.parse(out) as DemoReport;
    assert.ok(report.links.every((link) => link.ok));
    assert.match(report.links[0]?.detail ?? "", new RegExp(plane.server, "u"));
    assert.ok(report.links.some((link) => link.name === "provider" && link.detail.includes(issuer.slice(8))));
    assert.equal(report.identity.arn, "arn:aws:sts::111122223333:assumed-role/k3s-demo-app/k3s-cluster");
    assert.deepEqual(
      report.refusals.map((refusal) => refusal.code),
      [
        "CredentialsProviderError",
        "AccessDenied",
        "InvalidIdentityToken",
        "InvalidIdentityToken",
        "AccessDeniedException",
      ],
    );
    assert.equal(report.rotation, undefined);
    assert.deepEqual(
      report.notShown.map((one) => one.what),
      ["an expired token", "a rotation of the signing key"],
    );
    const left = await plane.kubectl(["get", "serviceaccounts", "-o", "name"]);
    assert.doesNotMatch(
      left,
      /demo-service-account|another-service-account/u,
      "the demo takes away what it made",
    );
  },
);
