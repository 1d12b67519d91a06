import type { CatalogueEntry } from "../entry.ts";

/** Errors about names and who serves them. */
export const dnsErrors = {
  "dns-zone-missing": {
    summary: "The DNS provider shows no zone that holds the issuer's name.",
    next: "Check the issuer's spelling and the provider's account; a token needs permission to read this very zone.",
  },
  "dns-zone-inactive": {
    summary: "The zone exists, and its provider does not serve it.",
    next: "Finish its set-up at the provider (name servers at the registrar, not paused), then run the same command again.",
  },
  "dns-name-taken": {
    summary: "The wanted name has records that are not podtrust's.",
    next: "Remove them if they are not needed, or choose another name for the issuer.",
  },
  "dns-caa-unknown": {
    summary:
      "A certificate authority does not say its name in CAA records, and records without it would shut it out.",
    next: "Leave CAA records out with dns.caa: false, or use another certificate authority.",
  },
  "dns-not-visible": {
    summary: "Records were written, and not all name servers answer with them in time.",
    next: "Wait a few minutes and run the same command again; the records stand.",
  },
  "cloudflare-token-missing": {
    summary: "There is no token for Cloudflare.",
    next: "Make an API token with Zone Read and DNS Edit on the one zone, and set CLOUDFLARE_API_TOKEN, or name its file in dns.cloudflare.tokenFile.",
  },
  "cloudflare-token-refused": {
    summary: "Cloudflare does not know the token, or it is expired or disabled.",
    next: "Make a new API token with Zone Read and DNS Edit on the one zone; a Global API Key is no token.",
  },
  "cloudflare-denied": {
    summary: "The token is known to Cloudflare, and may not do this.",
    next: "Give it Zone Read and DNS Edit on the zone, and look whether it is bound to addresses of other machines.",
  },
  "cloudflare-throttled": {
    summary: "Cloudflare refuses requests for a while: more than 1,200 came in five minutes.",
    next: "Wait five minutes and run the same command again; it continues with what is missing.",
  },
  "cloudflare-unavailable": {
    summary: "Cloudflare's API gave no usable answer, even after several tries.",
    next: "Run the same command again later; it continues with what is missing.",
  },
  "cloudflare-unreachable": {
    summary: "Cloudflare's API, or the server that CLOUDFLARE_BASE_URL names, could not be reached.",
    next: "Check the network and CLOUDFLARE_BASE_URL, then run the same command again.",
  },
  "cloudflare-refused": {
    summary: "Cloudflare refused a call, for the reason in the message.",
    next: "Read Cloudflare's text in the message; the code is Cloudflare's own.",
  },
  "cloudflare-answer-invalid": {
    summary: "What answered is not Cloudflare's API, or not as it is documented.",
    next: "Check CLOUDFLARE_BASE_URL, and that no proxy answers in Cloudflare's place.",
  },
} as const satisfies Record<string, CatalogueEntry>;
