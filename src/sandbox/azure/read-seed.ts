import { seedMembers, type SeedMembers, seedOf } from "../errors/index.ts";
import { isRecord } from "../../core/base/index.ts";
import type { AzureSeed, SeedCredential } from "./seed.ts";

const { text, needed, texts } = seedMembers;

const credential = { name: needed, issuer: needed, subject: needed, audience: text } satisfies Readonly<
  Record<keyof SeedCredential, SeedMembers[string]>
>;

const credentials = { is: Array.isArray, form: "a list", each: credential };
const tags = {
  is: (value: unknown) => isRecord(value) && Object.values(value).every(text.is),
  form: "an object of texts",
};

/** Reads a seed of unknown form, from tests or the control API. Throws `sandbox-seed`. */
export function readSeed(value: unknown): AzureSeed {
  const parts = {
    identities: { name: needed, resourceGroup: text, location: text, tags, credentials },
    applications: { name: needed, credentials },
    secrets: { vault: needed, name: needed, value: needed, readers: texts },
  };
  return seedOf<AzureSeed>(value, parts, "a seed of Azure");
}
