/**
 * The rooms of src/, and every list that the tools keep of them. Nowhere else does a tool name a room: boundaries, coverage,
 * the release, the runner of tests and knip read their lists here. A list whose entry matches nothing guards nothing, so
 * each of them fails on it; `test/gate/rooms.test.ts` plants such an entry for each.
 */
/**
 * Which rooms a room may import, apart from itself. A room is a folder of src/, or a folder inside one that has rules
 * of its own: a file belongs to the innermost room around it, and the row of that room alone says what it may import.
 * A row that names a room lets in through that room's own door only; `sandbox/ca` may not be entered by who is allowed
 * `sandbox`, unless the row names it or the file stands in `sandbox/` itself. A room always reaches the rooms inside it.
 */
export const allowed: Record<string, readonly string[]> = {
  "core/base": [],
  "core/files": ["core/base"],
  "rules/oidc": ["core/base"],
  "rules/keys": ["core/base", "rules/oidc"],
  "rules/trust": ["core/base", "rules/oidc"],
  "rules/plan": ["core/base"],
  "rules/injection": ["core/base"],
  "rules/bindings": ["core/base", "rules/oidc", "rules/trust", "rules/injection"],
  "rules/distribution": [],
  "rules/dns": ["core/base", "rules/plan"],
  "rules/adoption": ["core/base", "rules/oidc", "rules/distribution"],
  "rules/rotation": ["core/base", "rules/oidc"],
  "rules/signer": ["core/base", "rules/oidc", "rules/keys"],
  // How a program of ours meets its process: host, signals, exit codes, and all that it shows.
  "core/terminal": ["core/base"],
  "core/command-line": ["core/base", "core/files", "core/terminal"],
  "core/http": ["core/base"],
  "core/x509": [],
  "core/age": ["core/base"],
  "core/html": [],
  issuer: ["core/base", "rules/oidc", "rules/keys", "core/http", "rules/trust"],
  "core/yaml": [],
  "stack/hcl": [],
  // Anybody's issuer from its URL alone: what is gathered here is judged by the room inside.
  doctor: ["core/base", "core/http", "rules/oidc", "rules/keys", "issuer"],
  "doctor/judge": ["core/base", "rules/oidc", "rules/keys", "rules/trust", "issuer", "doctor"],
  // Who can become what: gathered by what status and plan read, judged and drawn by the rooms inside.
  map: ["core/base", "core/admin", "issuer", "providers/kubernetes", "stack", "stack/parts"],
  "map/judge": ["core/base", "rules/oidc", "rules/trust", "stack/parts", "map"],
  "map/page": ["core/html", "map/judge"],
  config: ["core/base", "rules/oidc", "rules/trust", "rules/bindings", "core/files", "core/yaml"],
  "providers/acme": ["core/base", "rules/keys", "core/http", "core/x509"],
  "providers/tls": ["core/base", "core/files", "core/http", "providers/acme"],
  "providers/kubernetes": [
    "core/base",
    "rules/oidc",
    "rules/keys",
    "rules/bindings",
    "rules/distribution",
    "core/files",
    "core/http",
    "core/yaml",
    "config",
  ],
  "providers/aws": [
    "core/base",
    "rules/oidc",
    "rules/keys",
    "rules/trust",
    "rules/plan",
    "rules/dns",
    "providers/dns",
  ],
  "providers/dns": ["core/base", "rules/plan", "rules/dns"],
  "providers/cloudflare": [
    "core/base",
    "rules/plan",
    "core/files",
    "core/http",
    "config",
    "rules/dns",
    "providers/dns",
  ],
  "providers/hetzner": ["core/base", "rules/plan", "core/files", "core/http", "rules/dns", "providers/dns"],
  "providers/host": ["core/base", "rules/plan", "rules/distribution", "core/files", "core/yaml", "config"],
  "core/listener": ["core/base"],
  "core/admin": ["core/base", "core/files", "core/http", "core/listener"],
  operator: [
    "core/base",
    "core/x509",
    "rules/injection",
    "core/http",
    "providers/kubernetes",
    "core/listener",
    "core/admin",
    "operator/controller",
  ],
  "operator/controller": ["core/base"],
  // Reconciling AWSRoleBinding and AWSTrust: loaded by whoever runs it, since a stack's parts come with it.
  "operator/bindings": [
    "core/base",
    "rules/oidc",
    "rules/bindings",
    "rules/injection",
    "rules/plan",
    "config",
    "providers/kubernetes",
    "providers/aws",
    "operator",
    "operator/controller",
    "stack",
    "stack/parts",
  ],
  signer: [
    "core/base",
    "core/admin",
    "core/files",
    "core/http",
    "core/listener",
    "rules/oidc",
    "rules/keys",
    "rules/signer",
  ],
  publisher: [
    "core/base",
    "core/listener",
    "core/admin",
    "rules/oidc",
    "rules/keys",
    "core/files",
    "core/http",
    "core/yaml",
    "config",
    "providers/kubernetes",
    "providers/acme",
    "providers/tls",
  ],
  // What a publisher cannot have made again, in one file, and back.
  backup: ["core/base", "core/age", "rules/keys", "config", "issuer", "publisher"],
  "backup/archive": ["core/base"],
  stack: [
    "core/base",
    "rules/oidc",
    "rules/keys",
    "rules/plan",
    "rules/injection",
    "rules/bindings",
    "core/http",
    "issuer",
    "core/yaml",
    "stack/hcl",
    "config",
    "providers/kubernetes",
  ],
  // What was read is judged without reading more: nothing here waits, asks or knows the time.
  "stack/status/judge": [
    "core/base",
    "rules/oidc",
    "rules/keys",
    "rules/trust",
    "rules/plan",
    "rules/injection",
    "issuer",
    "config",
    "providers/kubernetes",
    "stack",
    "stack/parts",
  ],
  // What the parts keep at their providers: stack/ itself knows none of them.
  "stack/parts": [
    "core/base",
    "rules/oidc",
    "rules/trust",
    "rules/plan",
    "core/http",
    "issuer",
    "stack/hcl",
    "config",
    "rules/distribution",
    "rules/dns",
    "providers/dns",
    "providers/aws",
    "providers/cloudflare",
    "core/files",
    "providers/hetzner",
    "providers/host",
    "providers/kubernetes",
    "providers/tls",
  ],
  // Products and what they share: none of them knows another.
  sandbox: ["core/base", "core/http"],
  "sandbox/errors": ["core/base"],
  "sandbox/authority": ["core/x509"],
  "sandbox/listener": ["core/listener"],
  "sandbox/clock": ["core/base"],
  "sandbox/aws": [
    "core/base",
    "core/listener",
    "rules/oidc",
    "rules/keys",
    "rules/trust",
    "core/files",
    "core/html",
    "core/http",
    "issuer",
    "sandbox/clock",
    "sandbox/listener",
  ],
  "sandbox/ca": [
    "core/base",
    "core/listener",
    "rules/keys",
    "core/http",
    "core/x509",
    "sandbox/authority",
    "sandbox/clock",
    "sandbox/listener",
    "sandbox/errors",
  ],
  "sandbox/mischief": ["core/base", "core/listener", "sandbox/listener"],
  "sandbox/cloudflare": [
    "core/base",
    "core/listener",
    "sandbox/listener",
    "sandbox/mischief",
    "sandbox/errors",
  ],
  "sandbox/hetzner": ["core/base", "core/listener", "sandbox/listener", "sandbox/mischief", "sandbox/errors"],
  "sandbox/clouds": ["core/base", "sandbox/cloudflare", "sandbox/hetzner", "sandbox/errors"],
  "sandbox/control": [
    "core/base",
    "core/http",
    "sandbox/aws",
    "sandbox/cluster",
    "sandbox/listener",
    "sandbox/errors",
  ],
  "sandbox/cluster": [
    "core/base",
    "core/listener",
    "rules/oidc",
    "rules/keys",
    "core/http",
    "sandbox/authority",
    "sandbox/clock",
    "sandbox/listener",
    "sandbox/errors",
  ],
  "sandbox/cli": [
    "core/base",
    "rules/oidc",
    "core/files",
    "core/http",
    "core/terminal",
    "core/command-line",
    "sandbox",
  ],
  demo: [
    "core/base",
    "rules/oidc",
    "rules/keys",
    "rules/plan",
    "rules/injection",
    "rules/bindings",
    "core/files",
    "core/http",
    "issuer",
    "config",
    "providers/kubernetes",
    "providers/acme",
    "providers/tls",
    "providers/aws",
    "publisher",
    "operator/bindings",
    "stack",
    "sandbox",
  ],
  cli: [
    "core/base",
    "rules/oidc",
    "rules/keys",
    "rules/trust",
    "rules/plan",
    "rules/bindings",
    "rules/dns",
    "rules/distribution",
    "rules/injection",
    "rules/signer",
    "core/files",
    "core/http",
    "issuer",
    "config",
    "providers/kubernetes",
    "providers/dns",
    "providers/aws",
    "providers/cloudflare",
    "providers/hetzner",
    "operator",
    "operator/bindings",
    "publisher",
    "backup",
    "core/age",
    "signer",
    "sandbox/cli",
    "demo",
    "doctor",
    "map",
    "stack",
    "core/terminal",
    "core/command-line",
  ],
};

/** Inside a room, the only places that may import another: what stands beside them is neutral of it. */
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

/** Rooms that do no I/O and read no clock (tools/boundaries.ts). */
export const pure = [
  "rules/oidc",
  "rules/keys",
  "rules/trust",
  "rules/plan",
  "rules/injection",
  "rules/bindings",
  "rules/distribution",
  "rules/dns",
  "rules/adoption",
  "rules/rotation",
  "rules/signer",
  "stack/hcl",
  "stack/status/judge",
  "doctor/judge",
  "backup/archive",
  "map/judge",
];

/** Rooms that a browser runs as well: no module of theirs, nor of what they import, is one of Node's. */
export const nodeFree = ["core/base", "rules/oidc", "rules/trust"];

/** Folders of which every line and branch is walked by a test (tools/coverage.ts), with all that stands below them. */
export const covered = ["rules"];

/** Folders below those of `covered` that are data for an API server, which alone says whether it is right. */
export const notCovered = ["rules/bindings/manifests", "rules/bindings/schema"];

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
export const published = ["src/cli/main.ts", "src/sandbox/index.ts"];

/** Files with exports that nothing but tests uses yet (tools/knip-production.ts). */
export const waitingForUse = [
  "src/providers/acme/tls-alpn-01.ts",
  "src/config/open.ts",
  "src/config/pods/settings.ts",
  "src/rules/injection/annotated-access.ts",
  "src/rules/injection/fault.ts",
  "src/operator/bindings/account/account.ts",
];
