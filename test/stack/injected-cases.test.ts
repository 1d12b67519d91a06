import assert from "node:assert/strict";
import { test } from "node:test";
import { recordOf, recordsOf } from "../../src/core/base/index.ts";
import { inject } from "../../src/rules/injection/index.ts";
import { workloadParts } from "../../src/stack/index.ts";
import { injectionCases } from "../support/injection-cases.ts";

test("what manifests workload prints is what injection gives, in every case of a bare container with one role", () => {
  let seen = 0;
  for (const { name, pod, serviceAccount, namespace = {}, injected } of injectionCases) {
    const [container, ...more] = recordsOf(recordOf(pod["spec"])["containers"]);
    const isBare = more.length === 0 && Object.keys(recordOf(pod["spec"])).length === 2;
    if (
      injected === undefined ||
      !isBare ||
      "env" in (container ?? {}) ||
      "volumeMounts" in (container ?? {})
    )
      continue;
    const around = {
      serviceAccount: { metadata: { annotations: serviceAccount } },
      namespace: { metadata: { annotations: namespace } },
    };
    const result = inject(pod, around);
    // The names of a pod and of a container are not printed, and neither is a file of several roles.
    if (result.outcome === "untouched" || result.access?.profiles !== undefined) continue;
    if (result.skipped.length > 0 || "name" in recordOf(pod["metadata"])) continue;
    const target = {
      ...result.access,
      serviceAccount: String(recordOf(pod["spec"])["serviceAccountName"]),
      namespace: "shop",
    };
    const { podSpec } = workloadParts(target as unknown as Parameters<typeof workloadParts>[0]);
    const { containers, ...rest } = podSpec as { containers: readonly object[] };
    const { containers: given, ...others } = recordOf(injected["spec"]);
    assert.deepEqual(rest, others, name);
    const [mine, theirs] = [recordsOf(containers)[0], recordsOf(given)[0]];
    assert.deepEqual(
      [mine?.["env"], mine?.["volumeMounts"]],
      [theirs?.["env"], theirs?.["volumeMounts"]],
      name,
    );
    seen += 1;
  }
  assert.ok(seen > 25, String(seen));
});
