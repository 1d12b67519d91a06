import type { CatalogueEntry } from "./entry.ts";

/** Errors about outgoing requests. */
export const httpErrors = {
  "http-url-invalid": {
    summary: "An address is not a valid http or https URL.",
    next: "Correct the address.",
  },
  "http-unreachable": {
    summary: "A server could not be reached: its name did not resolve, or the connection failed.",
    next: "Check the name, the network path and that the server is running.",
  },
  "http-proxy": {
    summary: "The proxy of HTTPS_PROXY is written wrongly, cannot be reached, or lets a host not through.",
    next: "Have the host let through, name it in NO_PROXY where it is reached without the proxy, or correct HTTPS_PROXY.",
  },
  "http-tls": {
    summary: "A server's certificate could not be verified, or the TLS handshake failed.",
    next: "Check the served chain and name; for a private CA give --ca FILE.",
  },
  "http-timeout": {
    summary: "A server did not answer in time.",
    next: "Check the server's load and the network path, then try again.",
  },
  "http-too-large": {
    summary: "A server's answer was too large.",
    next: "Check that the address names the right document.",
  },
} as const satisfies Record<string, CatalogueEntry>;
