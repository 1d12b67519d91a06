import { PodtrustError } from "../../core/base/index.ts";
import { proxyOf } from "../../rules/distribution/index.ts";

/** Throws `server-proxied` for an address behind which a proxy, and no API server, looks at credentials. */
export function requireOwnAddress(server: string): void {
  const proxy = proxyOf(server);
  if (proxy === undefined) return;
  throw new PodtrustError(
    "server-proxied",
    `${server} is ${proxy}, and not an API server: each one is reached at its machine`,
    { detail: { server } },
  );
}
