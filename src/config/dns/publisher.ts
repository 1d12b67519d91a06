import type { Config } from "../config.ts";
import type { DnsConfig } from "./config.ts";

/** The file of the token that a publisher proves names by, where it has one of its own. */
export function publisherTokenFile({ provider }: DnsConfig): string | undefined {
  if (provider.kind === "route53") return undefined;
  return provider.kind === "cloudflare"
    ? provider.cloudflare.publisherTokenFile
    : provider.hetzner.publisherTokenFile;
}

/** The section as a publisher proves names by it: with a token of its own in place of the other, where it has one. */
export function dnsOfPublisher(dns: DnsConfig): DnsConfig {
  const tokenFile = publisherTokenFile(dns);
  if (tokenFile === undefined) return dns;
  const { provider } = dns;
  if (provider.kind === "cloudflare")
    return { ...dns, provider: { kind: "cloudflare", cloudflare: { tokenFile } } };
  return { ...dns, provider: { kind: "hetzner", hetzner: { tokenFile } } };
}

/** Challenges by which the publisher of a config proves the name, where it keeps CAA records; none where it does not. */
export function caaMethods({ publisher, dns }: Pick<Config, "publisher" | "dns">): readonly string[] {
  return publisher?.serve.kind === "acme" && dns?.caa === true ? [publisher.serve.acme.challenge] : [];
}
