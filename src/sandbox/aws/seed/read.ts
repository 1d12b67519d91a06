import { seedMembers, type SeedMembers, seedOf } from "../../errors/index.ts";
import { isRecord } from "../../../core/base/index.ts";
import type { Seed, SeedParameter, SeedProvider, SeedRole } from "./seed.ts";

type Members<Piece> = Readonly<Record<keyof Piece, SeedMembers[string]>>;

const documents = (value: unknown): boolean => typeof value === "string" || isRecord(value);

const { text, needed, texts } = seedMembers;
const policy = { is: documents, form: "a policy, as an object or its JSON", isNeeded: true } as const;
const policies = {
  is: (value: unknown) => isRecord(value) && Object.values(value).every(documents),
  form: "policies by name, each as an object or its JSON",
};

// AWS's operations check other required members, and lengths; this lists only those of another form.
const parts = {
  providers: { url: needed, audiences: texts, thumbprints: texts } satisfies Members<SeedProvider>,
  roles: {
    name: needed,
    trustPolicy: policy,
    inline: policies,
    policies: texts,
    path: text,
    maxSession: { is: Number.isInteger, form: "a whole number of seconds" },
    boundary: text,
  } satisfies Members<SeedRole>,
  parameters: { name: needed, value: needed, type: text, region: text } satisfies Members<SeedParameter>,
};

/** Reads a seed of unknown form, from tests or the control API. Throws `sandbox-seed`. */
export function readSeed(value: unknown): Seed {
  return seedOf<Seed>(value, parts, "a seed");
}
