export interface CloudflareConfig {
  /** A file with the API token; absent: CLOUDFLARE_API_TOKEN. */
  readonly tokenFile?: string;
}

/** Who serves the zone, and what the issuer's name shall point at. */
export interface DnsConfig {
  readonly provider: { readonly kind: "cloudflare"; readonly cloudflare: CloudflareConfig };
  /** IP addresses of a machine that is there; absent: those of the config's machine. */
  readonly addresses?: readonly string[];
}
