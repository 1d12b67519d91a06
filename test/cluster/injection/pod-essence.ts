import { type JsonRecord, recordOf, recordsOf } from "../../../src/core/base/index.ts";

/** An object without members that are empty, and without what the API server adds to references by itself. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value)
    .filter(([key, member]) => !(key === "apiVersion" && member === "v1"))
    .filter(([key, member]) => !(key === "defaultMode" && member === 0o644))
    .map(([key, member]) => [key, plain(member)] as const)
    .filter(([, member]) => member !== undefined && !isEmpty(member));
  return Object.fromEntries(members);
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

/**
 * All of a pod that injection could change, in a form that does not tell the API server's own additions: to compare a pod
 * that was made with one that was asked for.
 */
export function podEssence(pod: JsonRecord): unknown {
  const spec = recordOf(pod["spec"]);
  const metadata = recordOf(pod["metadata"]);
  const containers = (key: string): unknown =>
    recordsOf(spec[key]).map(({ name, image, restartPolicy, env, envFrom, volumeMounts }) => ({
      name,
      image,
      restartPolicy,
      // An emptyDir and its like are empty members.
      env: recordsOf(env).map((one) => ({ text: JSON.stringify(plain(one)) })),
      envFrom,
      volumeMounts,
    }));
  return plain({
    annotations: metadata["annotations"],
    labels: metadata["labels"],
    securityContext: spec["securityContext"],
    nodeSelector: spec["nodeSelector"],
    os: spec["os"],
    initContainers: containers("initContainers"),
    containers: containers("containers"),
    volumes: recordsOf(spec["volumes"]).map((volume) => ({ ...volume, kind: Object.keys(volume).sort() })),
  });
}
