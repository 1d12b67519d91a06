import { Option } from "commander";

/** Relying parties that have bindings. */
const boundChoices = ["aws", "azure", "gcp"] as const;

/** `--for`: relying parties whose bindings are meant; AWS alone by default. */
export function boundParties(what: string): Option {
  return new Option("--for <party...>", what).choices(boundChoices).default(["aws"]);
}
