import assert from "node:assert/strict";
import type { Guide } from "./world.ts";

/** Step 7: the guide's Job, in a real pod whose token the real kubelet projects. */
export async function step(guide: Guide): Promise<void> {
  const { out, err } = await guide.podtrust(["apply", "demo", ...guide.demoOptions, ...guide.route]);
  assert.match(err, /Job default\/demo-app succeeded/u);
  guide.set("demoLog", out);
  const cluster = guide.the("cluster");
  const path = "{.items[0].spec.nodeName} {.items[0].status.phase}";
  const pods = ["get", "pods", "--selector=job-name=demo-app", `--output=jsonpath=${path}`];
  assert.equal(await cluster.kubectl(pods), `${cluster.node.name} Succeeded`);
}
