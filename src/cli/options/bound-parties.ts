import { Option } from "commander";

/** Relying parties that have bindings. */
const boundChoices = ["aws", "azure", "gcp"] as const;

/** `--for`: the relying party of one binding; AWS by default. */
export function boundParty(what: string): Option {
  return new Option("--for <party>", what).choices(boundChoices).default("aws");
}

/** `--for`: relying parties whose bindings are meant; `what` describes the default. */
export function anyBoundParties(what: string): Option {
  return new Option("--for <party...>", what).choices(boundChoices);
}

/** `--for`: relying parties whose bindings are meant; AWS alone by default. */
export function boundParties(what: string): Option {
  return anyBoundParties(what).default(["aws"]);
}
