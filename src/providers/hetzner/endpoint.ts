import { BlockList, isIP } from "node:net";
import { PodtrustError } from "../../core/base/index.ts";

const standard = "https://api.hetzner.cloud/v1";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8);
loopback.addAddress("::1", "ipv6");

function isLoopback({ hostname }: URL): boolean {
  const host = hostname.replace(/^\[(.*)\]$/u, "$1");
  if (host === "localhost") return true;
  const family = isIP(host);
  return family !== 0 && loopback.check(host, family === 6 ? "ipv6" : "ipv4");
}

/**
 * The API's base URL without a slash at its end: Hetzner's own, or what HCLOUD_ENDPOINT says, as in Hetzner's own
 * clients. The token goes there, so plain http is for this machine alone. Throws `hetzner-endpoint`.
 */
export function endpointOf(given: string | undefined): string {
  if (given === undefined || given === "") return standard;
  const url = URL.parse(given);
  const isSafe = url !== null && (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url)));
  if (!isSafe || url.username + url.password + url.search + url.hash !== "") {
    const shown = url === null ? "what it holds" : `${url.protocol}//${url.host}${url.pathname}`;
    throw new PodtrustError("hetzner-endpoint", `HCLOUD_ENDPOINT: ${shown} is not accepted`);
  }
  return url.href.replace(/\/$/u, "");
}
