import type { CatalogueEntry } from "../entry.ts";

/** Errors about plans. */
export const planErrors = {
  "plan-name-taken": {
    summary: "Something with the wanted name exists already and does not carry this stack's tags.",
    next: "Choose another name, or take it over after looking at it with podtrust import.",
  },
  "plan-changed": {
    summary: "A resource changed between showing the plan and applying it.",
    next: "Look at the new plan and decide again.",
  },
  "plan-file-invalid": {
    summary: "A file is no plan that this podtrust saved, or was changed since.",
    next: "Save a new one: podtrust plan -o FILE.",
  },
  "plan-needs-more": {
    summary: "Something takes a value from what does not exist and was left out of this run.",
    next: "Run it without --only and --skip, or take in what is named.",
  },
  "plan-name-left-behind": {
    summary:
      "Addresses would be given back while the issuer's name still leads to them: their next holder would answer for the name.",
    next: "Take the records away in the same run: podtrust down, without --only and --skip. What is another owner's: --leave RECORD.",
  },
  "plan-issuer-changes": {
    summary:
      "The config has another issuer than the stack has had: tokens of that one are refused from this run on.",
    next: "To keep what it has in AWS and its records, list it in publisher.formerIssuers. If its tokens may be refused: --allow-replace.",
  },
  "plan-nothing-there": {
    summary: "The resource to import does not exist.",
    next: "Check the name; podtrust up creates what does not exist.",
  },
} as const satisfies Record<string, CatalogueEntry>;
