import { PodtrustError } from "../../core/base/index.ts";
import { apiBase } from "../../core/http/index.ts";

const standard = "https://api.hetzner.cloud/v1";

/**
 * The API's base URL without a slash at its end: Hetzner's own, or what HCLOUD_ENDPOINT says, as in Hetzner's own
 * clients. The token goes there, so plain http is for this machine alone. Throws `hetzner-endpoint`.
 */
export function endpointOf(given: string | undefined): string {
  if (given === undefined || given === "") return standard;
  const base = apiBase(given);
  if (base !== undefined) return base;
  const url = URL.parse(given);
  const shown = url === null ? "what it holds" : `${url.protocol}//${url.host}${url.pathname}`;
  throw new PodtrustError("hetzner-endpoint", `HCLOUD_ENDPOINT: ${shown} is not accepted`);
}
