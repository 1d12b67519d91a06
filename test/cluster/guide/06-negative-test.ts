import assert from "node:assert/strict";
import { parseAllDocuments } from "yaml";
import { untilJobEnds } from "../harness/index.ts";
import type { Guide } from "./world.ts";

interface Job {
  readonly kind: string;
  readonly metadata: { name: string };
  readonly spec: {
    readonly template: {
      readonly spec: {
        serviceAccountName: string;
        volumes: { name: string; projected?: { sources: { serviceAccountToken: { audience: string } }[] } }[];
      };
    };
  };
}

/** A Job as `podtrust manifests demo` prints it, but for one thing. */
interface Impostor {
  readonly name: string;
  readonly change: (pod: Job["spec"]["template"]["spec"]) => void;
  readonly said: RegExp;
}

const impostors: readonly Impostor[] = [
  {
    // The guide's own test: take serviceAccountToken out and create the Job again.
    name: "without-token",
    change: (pod) => {
      for (const volume of pod.volumes) if (volume.projected !== undefined) volume.projected.sources = [];
    },
    said: /^GetCallerIdentity was refused: .*(?:ENOENT|no such file|[Tt]oken)/mu,
  },
  {
    name: "other-account",
    change: (pod) => {
      pod.serviceAccountName = "another-service-account";
    },
    said: /refused: AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity$/mu,
  },
  {
    name: "other-audience",
    change: (pod) => {
      for (const { projected } of pod.volumes)
        for (const { serviceAccountToken } of projected?.sources ?? [])
          serviceAccountToken.audience = "vault.example";
    },
    said: /refused: InvalidIdentityToken: /mu,
  },
];

/** Whoever lacks one thing is refused, in real pods; and by `podtrust test` without one. */
export async function step(guide: Guide): Promise<void> {
  const cluster = guide.the("cluster");
  const { out } = await guide.podtrust(["manifests", "demo", ...guide.demoOptions]);
  for (const { name, change } of impostors) {
    const job = parseAllDocuments(out)
      .map((document) => document.toJS() as Job)
      .find(({ kind }) => kind === "Job");
    assert.ok(job);
    job.metadata.name = name;
    change(job.spec.template.spec);
    await cluster.kubectl(["create", "-f", "-"], JSON.stringify(job));
  }
  await Promise.all(
    impostors.map(async ({ name, said }) => {
      assert.equal(await untilJobEnds(cluster, "default", name), "Failed");
      assert.match(await cluster.kubectl(["logs", `job/${name}`]), said);
    }),
  );
  await cluster.kubectl(["delete", "jobs", ...impostors.map(({ name }) => name)]);
  await guide.podtrust(["test", "--other", "default/another-service-account"]);
}
