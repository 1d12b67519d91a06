import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../src/core/base/index.ts";
import { startChainWorld } from "../support/chain-world.ts";
import { podtrustChild } from "../support/cli.ts";
import { injectedEnvironment } from "../support/injected.ts";

test("with what manifests workload prints, and nothing else, the AWS SDK for JavaScript has the role", async () => {
  const world = await startChainWorld(systemClock);
  try {
    await world.up();
    const env = { ...(await injectedEnvironment(world, world.folder)), AWS_EC2_METADATA_DISABLED: "true" };
    const { out, err } = await podtrustChild(["job", "--json"], { env });
    const { identity, parameters } = JSON.parse(out) as { identity?: { arn: string }; parameters?: unknown };
    assert.equal(identity?.arn, "arn:aws:sts::111122223333:assumed-role/k3s-demo-app/k3s-cluster", err);
    assert.deepEqual(parameters, []);
  } finally {
    await world.close();
  }
});
