export interface CloudflareConfig {
  /** A file with the API token; absent: CLOUDFLARE_API_TOKEN. */
  readonly tokenFile?: string;
  /** A file with the publisher's own, for the challenge dns-01; absent: the same one. */
  readonly publisherTokenFile?: string;
}

export interface Route53Config {
  /** The profile of the AWS config files to use. */
  readonly profile?: string;
  /** A role to assume before anything else. */
  readonly assumeRole?: string;
}

export interface HetznerDnsConfig {
  /** A file with the token; absent: HCLOUD_TOKEN. */
  readonly tokenFile?: string;
  /** A file with the publisher's own, for the challenge dns-01; absent: the same one. */
  readonly publisherTokenFile?: string;
}

/** The DNS provider of the zone, and what the issuer's name points to. */
export interface DnsConfig {
  readonly provider:
    | { readonly kind: "cloudflare"; readonly cloudflare: CloudflareConfig }
    | { readonly kind: "hetzner"; readonly hetzner: HetznerDnsConfig }
    | { readonly kind: "route53"; readonly route53: Route53Config };
  /** IP addresses of an existing machine; absent: those of the config's machine. */
  readonly addresses?: readonly string[];
  /** Whether CAA records name the publisher's accounts at certificate authorities. */
  readonly caa: boolean;
}
