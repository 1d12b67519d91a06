import { PodtrustError } from "../../core/base/index.ts";
import { isLoopback } from "../../core/http/index.ts";

const standard = "https://api.hetzner.cloud/v1";

/**
 * The API's base URL without a slash at its end: Hetzner's own, or what HCLOUD_ENDPOINT says, as in Hetzner's own
 * clients. The token goes there, so plain http is for this machine alone. Throws `hetzner-endpoint`.
 */
export function endpointOf(given: string | undefined): string {
  if (given === undefined || given === "") return standard;
  const url = URL.parse(given);
  const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  if (url === null || !isSafe || url.username + url.password + url.search + url.hash !== "") {
    const shown = url === null ? "what it holds" : `${url.protocol}//${url.host}${url.pathname}`;
    throw new PodtrustError("hetzner-endpoint", `HCLOUD_ENDPOINT: ${shown} is not accepted`);
  }
  return url.href.replace(/\/$/u, "");
}
