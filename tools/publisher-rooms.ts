/** The rows of `allowed` (tools/rooms.ts) for the rooms of the publisher, and of the backups of what it keeps. */
export const publisherRooms: Record<string, readonly string[]> = {
  publisher: [
    "core/base",
    "core/credentials",
    "core/listener",
    "core/admin",
    "rules/oidc",
    "rules/keys",
    "rules/gcp",
    "core/files",
    "core/http",
    "core/yaml",
    "config",
    "providers/kubernetes",
    "providers/gcp",
    "providers/acme",
    "providers/tls",
  ],
  // A publisher that follows config files, which `serve` holds for as long as it runs.
  "publisher/configs": [
    "core/base",
    "core/credentials",
    "rules/oidc",
    "config",
    "providers/kubernetes",
    "providers/acme",
    "providers/tls",
    "providers/tls/foreign",
    "publisher",
  ],
  // What a publisher cannot have made again, in one file, and back.
  backup: ["core/base", "core/files", "core/age", "rules/keys", "config", "issuer", "publisher"],
  "backup/archive": ["core/base"],
};
