import type { CatalogueEntry } from "../entry.ts";

/** Errors about Hetzner Cloud. */
export const hetznerErrors = {
  "hetzner-endpoint": {
    summary: "HCLOUD_ENDPOINT is not an https URL, nor an http URL of this machine itself.",
    next: "Leave HCLOUD_ENDPOINT unset for Hetzner's own API, or give the URL of a stand-in.",
  },
  "hetzner-token-missing": {
    summary: "There is no Hetzner Cloud token.",
    next: "Make one in the project's console (Security, API tokens, Read & Write) and set HCLOUD_TOKEN, or name a file with it in machine.hetzner.tokenFile.",
  },
  "hetzner-token-malformed": {
    summary: "What was given as a Hetzner Cloud token is none: a token has 64 letters and digits.",
    next: "Copy the whole token from the project's console; it is shown once, when it is made.",
  },
  "hetzner-token-refused": {
    summary: "Hetzner Cloud does not know the token.",
    next: "Check that it was not deleted, and that it is of the project that you mean.",
  },
  "hetzner-token-readonly": {
    summary: "The Hetzner Cloud token may only read: plan works with it, and nothing can be made or deleted.",
    next: "Use a token with the permission Read & Write for up and down.",
  },
  "hetzner-unreachable": {
    summary: "Hetzner Cloud did not answer.",
    next: "Check the network, then run the same command again: what was done is found and not done twice.",
  },
  "hetzner-unavailable": {
    summary: "Hetzner Cloud failed by itself, several times in a row.",
    next: "Look at status.hetzner.com, then run the same command again.",
  },
  "hetzner-rate-limited": {
    summary: "The project's limit of requests an hour stayed used up.",
    next: "Wait until whatever else uses this project's token is done, then run the same command again.",
  },
  "hetzner-limit": {
    summary: "A limit of the Hetzner Cloud project is reached.",
    next: "Delete what is not needed, or ask for a higher limit in the console.",
  },
  "hetzner-sold-out": {
    summary: "The server type cannot be had in the location, now or any longer.",
    next: "Choose another location or type in machine.hetzner, or try again later.",
  },
  "hetzner-unknown": {
    summary: "A server type, image or location is not known to Hetzner Cloud.",
    next: "Correct the name in machine.hetzner.",
  },
  "hetzner-busy": {
    summary: "Hetzner Cloud is still at work on a resource, or one is still in use.",
    next: "Run the same command again in a minute.",
  },
  "hetzner-unmarked-server": {
    summary: "A server that does not carry the stack's mark uses the stack's firewall or address.",
    next: "If it is this stack's machine, take it over with podtrust import. If it is not, take firewall and address off it at Hetzner.",
  },
  "hetzner-protected": {
    summary: "A resource is protected from deletion at Hetzner Cloud.",
    next: "Set machine.protect to false and run podtrust up, which takes the protection off; then run the same command again.",
  },
  "hetzner-not-unique": {
    summary: "Something of the same kind in the Hetzner Cloud project has the same name or value.",
    next: "Look at the new plan and decide again: podtrust plan.",
  },
  "hetzner-refused": {
    summary: "Hetzner Cloud refused a request.",
    next: "Its own words say why; give Hetzner's support the correlation id.",
  },
  "hetzner-answer-invalid": {
    summary: "An answer is not of the form that Hetzner documents.",
    next: "Check HCLOUD_ENDPOINT; if it is Hetzner's own API, report this with the correlation id.",
  },
  "hetzner-action-failed": {
    summary: "Work that Hetzner Cloud had begun did not succeed.",
    next: "Run the same command again; if it fails again, look at the resource in the console.",
  },
  "hetzner-too-slow": {
    summary: "Work that Hetzner Cloud had begun was not done in time.",
    next: "Run the same command again: it continues where this one ended.",
  },
} as const satisfies Record<string, CatalogueEntry>;
