import assert from "node:assert/strict";
import { test } from "node:test";
import { mainFile, podtrustHere } from "../../../test/support/cli.ts";
import { silentLogger, systemClock } from "../../core/base/index.ts";
import type { DemoEvent } from "../report.ts";
import { runFromNothing } from "./machine-demo.ts";

test("the guide's seven steps are shown in order, from no machine to a Job with credentials, and down again", async () => {
  const events: DemoEvent[] = [];
  const report = await runFromNothing({
    program: [process.execPath, mainFile],
    clock: systemClock,
    logger: silentLogger,
    signal: new AbortController().signal,
    onEvent: (event) => events.push(event),
  });
  const headings = events.flatMap((event) => (event.kind === "heading" ? [event.title] : []));
  assert.deepEqual(
    headings.filter((title) => title.startsWith("Step")),
    [
      "Step 1: Dedicated Domain Name",
      "Step 2: A Live Kubernetes Cluster",
      "Step 3: Bootstrap the Cluster",
      "Step 4: Fetch the TLS Certificate",
      "Step 5: Expose OIDC Configuration to the Internet",
      "Step 6: Add the OIDC Provider to AWS",
      "Step 7: Test the Setup",
    ],
  );
  const steps = events.flatMap((event) => (event.kind === "step" ? [event.text] : [])).join("\n");
  assert.match(steps, /hetzner\/server\/k3s-cluster created/u);
  assert.match(steps, /leads to \d[\d.]+ and to [0-9a-f:]+::1, the host's own address/u);
  assert.match(steps, /service-account-issuer=https:\/\/[\w-]+\.podtrust\.example/u);
  assert.match(steps, /7 things deleted; nothing of it is left in either cloud/u);
  assert.deepEqual(
    [report.links.every(({ ok }) => ok), report.refusals.length, report.rotation?.refused],
    [true, 6, 0],
  );
});

test("a demo from nothing makes its own cluster, and takes none that is given", async () => {
  const { code, err } = await podtrustHere(["demo", "--from-nothing", "--kubeconfig", "k"]);
  assert.equal(code, 2);
  assert.match(err, /--from-nothing makes a cluster, and --kubeconfig names one/u);
});
