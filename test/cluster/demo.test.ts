import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import type { Story } from "../../src/demo/index.ts";
import { leftOut, startControlPlane } from "./harness/index.ts";
import { podtrust } from "./story/podtrust.ts";

test(
  "podtrust demo --kubeconfig tells the story of a real cluster under its own issuer",
  { skip: leftOut() },
  async () => {
    const issuer = `https://${randomUUID()}.cluster.example`;
    await using plane = await startControlPlane({ issuer, jwksUri: `${issuer}/openid/v1/jwks` });
    const { code, out, err } = await podtrust("demo", "--kubeconfig", plane.adminKubeconfig, "--json");
    assert.equal(code, 0, err + out);
    const story = JSON.parse(out) as Story;
    assert.ok(story.links.every((link) => link.ok));
    assert.match(story.links[0]?.detail ?? "", new RegExp(plane.server, "u"));
    assert.ok(story.links.some((link) => link.name === "provider" && link.detail.includes(issuer.slice(8))));
    assert.equal(story.identity.arn, "arn:aws:sts::111122223333:assumed-role/k3s-demo-app/k3s-cluster");
    assert.deepEqual(
      story.refusals.map((refusal) => refusal.code),
      [
        "CredentialsProviderError",
        "AccessDenied",
        "InvalidIdentityToken",
        "InvalidIdentityToken",
        "AccessDeniedException",
      ],
    );
    assert.equal(story.rotation, undefined);
    assert.deepEqual(
      story.notShown.map((one) => one.what),
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
