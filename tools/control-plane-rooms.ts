/** The rows of `allowed` (tools/rooms.ts) for the rooms that change a control plane which runs. */
export const controlPlaneRooms: Record<string, readonly string[]> = {
  // A cluster that runs already: its API servers one by one, each at its own address, and their files over SSH.
  "control-plane/servers": [
    "core/base",
    "core/credentials",
    "core/files",
    "core/http",
    "core/yaml",
    "rules/keys",
    "rules/distribution",
    "config",
    "providers/kubernetes",
    "providers/host",
    "control-plane/record",
  ],
  // What rotations and adoption remember: on each server, and in a Secret of the cluster.
  "control-plane/record": ["core/base", "rules/rotation", "providers/kubernetes"],
  "control-plane/tokens": ["core/base", "providers/kubernetes"],
  // What depends on a cluster's present issuer, gathered for rules/adoption.
  "control-plane/adoption": [
    "core/base",
    "core/yaml",
    "rules/oidc",
    "rules/tokens",
    "rules/adoption",
    "rules/distribution",
    "issuer",
    "config",
    "providers/kubernetes",
    "providers/aws",
    "rules/rotation",
    "control-plane/record",
    "control-plane/servers",
    "control-plane/tokens",
  ],
  // A rotation of signing keys over those servers: judged by rules/rotation, one server changed after another.
  "control-plane/rotation": [
    "core/base",
    "core/credentials",
    "core/age",
    "rules/oidc",
    "rules/keys",
    "rules/tokens",
    "rules/rotation",
    "issuer",
    "config",
    "providers/kubernetes",
    "control-plane/record",
    "control-plane/servers",
    "control-plane/tokens",
  ],
};
