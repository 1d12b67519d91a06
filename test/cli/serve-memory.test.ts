import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startStandInCluster } from "../../src/sandbox/index.ts";
import { testAuthority } from "../support/certificates.ts";
import {
  certificateFiles,
  residentMiB,
  sourceCommand,
  startPublisherProcess,
} from "../support/publisher-process.ts";
import { until } from "../support/until.ts";

test("podtrust serve gives back within seconds what its start left behind, once every stack is published", async () => {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-serve-memory-"));
  const issuer = "https://oidc.example.test";
  const cluster = await startStandInCluster({ issuer });
  try {
    await cluster.keys.create();
    const https = await certificateFiles(folder, await (await testAuthority()).issue(["oidc.example.test"]));
    const stack = { stack: "idle", issuer, kubeconfig: cluster.kubeconfig("publisher"), https };
    const publisher = await startPublisherProcess({ command: sourceCommand, folder, stacks: [stack] });
    try {
      // V8 by itself takes half a minute.
      await until(
        "a tenth of the highest memory is free again",
        async () => {
          const { now, peak } = await residentMiB(publisher.pid);
          return now < 0.9 * peak;
        },
        { everyMs: 100, withinMs: 8000 },
      );
    } finally {
      await publisher.close();
    }
    assert.match(publisher.log(), /the publisher has ended/u);
  } finally {
    await cluster.close();
    await rm(folder, { recursive: true });
  }
});
