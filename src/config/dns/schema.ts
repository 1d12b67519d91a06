import { isIP } from "node:net";
import { z } from "zod";
import { assumedRole, awsProfile } from "../aws/schema.ts";
import { file, list, section } from "../forms/leaf.ts";

/** Where an API's tokens are. */
export interface TokenFiles {
  tokenFile?: string | undefined;
  publisherTokenFile?: string | undefined;
}

interface DnsSection {
  hetzner?: TokenFiles | undefined;
  cloudflare?: TokenFiles | undefined;
  route53?: { profile?: string | undefined; assumeRole?: string | undefined } | undefined;
  addresses?: string[] | undefined;
  caa?: boolean | undefined;
}

/** The dns section as it is written. */
export type DnsInput = "cloudflare" | "route53" | "hetzner" | DnsSection;

const address = z
  .string({ error: "an IP address in quotes" })
  .refine((value) => isIP(value) !== 0 && !value.includes("%"), { error: "an IP address in quotes" })
  .meta({ description: "An address. Accepted: an IPv4 or IPv6 address in quotes." });

const publisherTokenFile = (example: string) =>
  file(
    "A file with a token of the publisher's own, by which it proves the name with the challenge dns-01; needed for a publisher on the config's machine.",
    example,
  ).optional();

const accepted = "cloudflare, route53 or hetzner, or a section with one of them";

/** Who serves the issuer's zone. */
export const dns: z.ZodType<DnsInput> = z
  .union(
    [
      z.enum(["cloudflare", "route53", "hetzner"], { error: accepted }),
      section("A provider with settings of its own.", {
        cloudflare: section(
          "Cloudflare. The token comes from CLOUDFLARE_API_TOKEN, or from a file; it needs Zone Read and DNS Edit on the zone.",
          {
            tokenFile: file("A file with the API token.", "cloudflare-token").optional(),
            publisherTokenFile: publisherTokenFile("cloudflare-publisher-token"),
          },
        ).optional(),
        route53: section("Route 53 of AWS, with the AWS credentials of the environment by default.", {
          profile: awsProfile.optional(),
          assumeRole: assumedRole.optional(),
        }).optional(),
        hetzner: section("DNS of Hetzner Cloud. The token comes from HCLOUD_TOKEN, or from a file.", {
          tokenFile: file("A file with the token of the zone's project.", "hcloud-dns-token").optional(),
          publisherTokenFile: publisherTokenFile("hcloud-publisher-token"),
        }).optional(),
        addresses: list(
          {
            what: "The addresses that the issuer's name points at: those of a machine that is there.",
            accepted: "a list of IP addresses",
            standard: "those of the config's machine",
            example: ["203.0.113.7", "2001:db8::7"],
          },
          address,
          { max: 20 },
        ).optional(),
        caa: z
          .boolean({ error: "true or false" })
          .meta({
            description:
              "Whether CAA records let only the publisher's own accounts get certificates for the name; of use with a publisher on the config's machine. Accepted: true or false. Default: true.",
          })
          .optional(),
      }),
    ],
    { error: accepted },
  )
  .meta({
    description: `Who serves the zone of the issuer's name; podtrust then keeps its A and AAAA records. Left out: the name is already there. Accepted: ${accepted}.`,
    examples: ["cloudflare"],
  });
