/**
 * The domains by which CAA records name a CA. Each states its own in its CPS, section 4.2, as the Baseline Requirements
 * of the CA/Browser Forum ask (section 2.2).
 */
interface CaaAuthority {
  readonly name: string;
  /** What the issuer name of its certificates contains. */
  readonly mark: RegExp;
  /** Any of them lets it issue. */
  readonly identities: readonly string[];
}

/** The CAs of most public certificates. */
export const caaAuthorities: readonly CaaAuthority[] = [
  { name: "Let's Encrypt", mark: /Let's Encrypt/u, identities: ["letsencrypt.org"] },
  { name: "Google Trust Services", mark: /Google Trust Services/u, identities: ["pki.goog"] },
  {
    name: "Amazon",
    mark: /O=Amazon\b/u,
    identities: ["amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"],
  },
  {
    name: "DigiCert",
    mark: /O=DigiCert\b|GeoTrust|RapidSSL|Thawte/u,
    identities: [
      "digicert.com",
      "www.digicert.com",
      "symantec.com",
      "geotrust.com",
      "rapidssl.com",
      "thawte.com",
    ],
  },
  {
    name: "Sectigo",
    mark: /Sectigo|ZeroSSL|COMODO|USERTRUST/u,
    identities: ["sectigo.com", "trust-provider.com", "usertrust.com", "comodoca.com", "comodo.com"],
  },
  { name: "GlobalSign", mark: /GlobalSign/u, identities: ["globalsign.com"] },
  { name: "SSL.com", mark: /SSL Corporation|SSL\.com/u, identities: ["ssl.com"] },
  { name: "Buypass", mark: /Buypass/u, identities: ["buypass.com", "buypass.no"] },
];
