import type { Config } from "../config.ts";
import type { DnsConfig } from "../dns/config.ts";

/** The file of the publisher's own token for proving names, if it has one. */
export function publisherTokenFile({ provider }: DnsConfig): string | undefined {
  if (provider.kind === "route53") return undefined;
  return provider.kind === "cloudflare"
    ? provider.cloudflare.publisherTokenFile
    : provider.hetzner.publisherTokenFile;
}

/** The section for a publisher that proves names: with its own token in place of the other, if it has one. */
export function dnsOfPublisher(dns: DnsConfig): DnsConfig {
  const tokenFile = publisherTokenFile(dns);
  if (tokenFile === undefined) return dns;
  const { provider } = dns;
  if (provider.kind === "cloudflare")
    return { ...dns, provider: { kind: "cloudflare", cloudflare: { tokenFile } } };
  return { ...dns, provider: { kind: "hetzner", hetzner: { tokenFile } } };
}

/** Challenges by which the publisher of a config proves the name, if it keeps CAA records; else none. */
export function caaMethods({ publisher, dns }: Pick<Config, "publisher" | "dns">): readonly string[] {
  return publisher?.serve.kind === "acme" && dns?.caa === true ? [publisher.serve.acme.challenge] : [];
}
