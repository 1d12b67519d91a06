import type { CatalogueEntry } from "../entry.ts";

/** Errors about the demo. */
export const demoErrors = {
  "demo-link-broken": {
    summary: "A link of the demo's chain does not hold.",
    next: "Look at the reason; run the demo with -v to see the logs.",
  },
  "demo-not-ready": {
    summary: "The demo's publisher did not get its documents and certificate in time.",
    next: "Run the demo again with -v, and look at what is missing.",
  },
  "demo-document-missing": {
    summary: "The published documents could not be read back as AWS would read them.",
    next: "Run the demo again with -v for the publisher's log.",
  },
  "demo-job-failed": {
    summary: "The demo's workload ended without an answer.",
    next: "Run the demo again with -v.",
  },
  "demo-cluster-in-use": {
    summary:
      "The cluster has podtrust's definitions of bindings: what the demo makes would be seen by its operator.",
    next: "Run the demo on a cluster without podtrust.",
  },
  "demo-not-refused": {
    summary: "An attempt that should have been denied succeeded, or was denied for another reason.",
    next: "Report it: this is exactly what must not happen.",
  },
} as const satisfies Record<string, CatalogueEntry>;
