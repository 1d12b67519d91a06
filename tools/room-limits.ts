/** Rooms that do no I/O and read no clock (tools/boundaries.ts). */
export const pure = [
  "rules/oidc",
  "rules/keys",
  "rules/judge",
  "rules/trust",
  "rules/gcp",
  "rules/azure",
  "rules/openbao",
  "rules/plan",
  "rules/injection",
  "rules/bindings",
  "rules/distribution",
  "rules/dns",
  "rules/tokens",
  "rules/adoption",
  "rules/rotation",
  "rules/signer",
  "stack/export/hcl",
  "stack/status/judge",
  "doctor/judge",
  "backup/archive",
  "map/judge",
];

/** Rooms that a browser runs as well: no module of theirs, nor of what they import, is one of Node's. */
export const nodeFree = ["core/base", "rules/oidc", "rules/judge", "rules/trust"];

/** Inside a room, the only folders and files that may import another: what stands beside them is neutral of it. */
export const narrowed: readonly { from: string; to: string; only: readonly string[] }[] = [
  // The demo's job, publishing to S3, what IAM says to `explain`, and the names of AWS's policies: of AWS alone.
  {
    from: "cli",
    to: "providers/aws",
    only: [
      "src/cli/explain",
      "src/cli/init",
      "src/cli/job",
      "src/cli/manifests",
      "src/cli/options",
      "src/cli/publish",
    ],
  },
  // What a relying party's section needs is loaded with it.
  { from: "config", to: "rules/gcp", only: ["src/config/gcp", "src/config/sections/gcp.ts"] },
  { from: "config", to: "rules/azure", only: ["src/config/sections/azure.ts"] },
  { from: "config", to: "core/http", only: ["src/config/openbao"] },
  // Parties with uploaded keys: loaded by a config that names one.
  { from: "publisher", to: "rules/gcp", only: ["src/publisher/uploads"] },
  { from: "publisher", to: "providers/gcp", only: ["src/publisher/uploads"] },
  // A publisher gives memory back once it has started.
  { from: "cli", to: "core/listener", only: ["src/cli/serve"] },
  // Proving a name by dns-01, and finding a zone for a new config, without all of a stack.
  { from: "cli", to: "providers/dns", only: ["src/cli/serve"] },
  { from: "cli", to: "providers/cloudflare", only: ["src/cli/init", "src/cli/serve"] },
  { from: "cli", to: "providers/hetzner", only: ["src/cli/serve"] },
];

/** Packages that some rooms alone may import. */
export const reserved: readonly { package: RegExp; rooms: readonly string[] }[] = [
  { package: /^@aws-sdk\//u, rooms: ["providers/aws"] },
  { package: /^commander$/u, rooms: ["cli", "core/command-line", "sandbox/cli"] },
  { package: /^yaml$/u, rooms: ["core/yaml"] },
  { package: /^zod$/u, rooms: ["config"] },
];

/** Folders of which every line and branch is walked by a test (tools/coverage.ts), with all that stands below them. */
export const covered = ["rules", "doctor"];

/** Folders below those of `covered` that only a cluster walks: data for its API server, and what looks at a whole stack. */
export const notCovered = ["rules/bindings/manifests", "rules/bindings/schema", "doctor/chain"];

/**
 * Relying parties beside AWS: what stands in a folder or a file of such a name imports nothing of another's,
 * and nowhere else is one of them distinguished from the others by its name.
 */
export const federated = ["gcp", "azure", "openbao"];

/** Rooms that a publisher's machine has no use for: one import too many would bring all of them (tools/release.ts). */
export const foreignToPublisher = ["providers/aws", "demo", "providers/host", "sandbox", "stack", "map"];

/** What is run by its path, so that no module has to import it (tools/knip.ts, tools/release.ts). */
export const programs = {
  completion: "src/cli/kubectl-plugin/complete.ts",
  publisher: "src/cli/publisher-program/main.ts",
  whole: "src/cli/single-program/main.ts",
  sandbox: "src/sandbox/cli/main.ts",
  sandboxProcess: "src/sandbox/process/main.ts",
} as const;

/** What package.json names, as the command and as what others import. */
export const published = [
  "src/cli/main.ts",
  "src/sandbox/index.ts",
  "src/sandbox/gcp.ts",
  "src/sandbox/azure.ts",
];
