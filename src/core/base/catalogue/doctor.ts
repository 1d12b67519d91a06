import type { CatalogueEntry } from "./entry.ts";

/** Errors about what `podtrust doctor` reads. */
export const doctorErrors = {
  "bundle-invalid": {
    summary: "A file is no bundle of podtrust doctor, or one that this version cannot read.",
    next: "Have it written anew: podtrust doctor https://ISSUER --bundle FILE.",
  },
} as const satisfies Record<string, CatalogueEntry>;
