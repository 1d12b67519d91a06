/**
 * A process that starts a cluster with a pod and is then killed by pods.test.ts: it prints one line of JSON and waits.
 * (No test file: its name does not end in .test.ts.)
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { type ClusterNode, hierarchies, pauseImage, startCluster } from "./harness/index.ts";
import { maxWaitFlag } from "../support/until.ts";

function membersOf(cgroup: string): readonly number[] {
  return readdirSync(cgroup, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith("cgroup.procs"))
    .flatMap((file) => readFileSync(join(cgroup, file), "utf8").split("\n"))
    .map(Number)
    .filter((pid) => pid > 0);
}

/** Everything that sees the node's mounts: what was started there, and the shims of its containers. */
function inhabitantsOf(node: ClusterNode): readonly number[] {
  const namespaceOf = (pid: string | number): string | undefined => {
    try {
      return readlinkSync(`/proc/${pid}/ns/mnt`);
    } catch {
      // It has ended meanwhile.
      return undefined;
    }
  };
  const own = namespaceOf(node.pids()[0] ?? 0);
  return readdirSync("/proc")
    .filter((name) => /^\d+$/u.test(name) && namespaceOf(name) === own)
    .map(Number);
}

const cluster = await startCluster({ issuer: "https://oidc.example.com" });
const container = { name: "pause", image: pauseImage, imagePullPolicy: "Never" };
await cluster.kubectl(
  ["apply", "-f", "-"],
  JSON.stringify({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "pause" },
    spec: { hostNetwork: true, containers: [container] },
  }),
);
await cluster.kubectl(["wait", "pod/pause", "--for=condition=Ready", maxWaitFlag]);
const { node, folder } = cluster;
const cgroups = hierarchies().map((hierarchy) => join(hierarchy, node.cgroup));
console.log(
  JSON.stringify({
    programs: cluster.pids(),
    inhabitants: inhabitantsOf(node),
    containers: [...new Set(cgroups.flatMap(membersOf))],
    paths: [...cgroups, folder, node.folder],
  }),
);
setInterval(() => {}, 60_000);
