/** Rows of the table in rooms.ts: the sandbox's stand-ins of clouds, and the proxy by which clients reach some of them. */
export const standInRooms: Record<string, readonly string[]> = {
  "sandbox/front": ["core/base", "core/files", "core/listener", "sandbox/authority", "sandbox/listener"],
  "sandbox/azure": [
    "core/base",
    "rules/oidc",
    "rules/keys",
    "rules/judge",
    "rules/azure",
    "issuer",
    "sandbox/clock",
    "sandbox/front",
    "sandbox/errors",
    "core/http",
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
};
