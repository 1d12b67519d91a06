import { awsManifests, type PartyManifests } from "./manifests/index.ts";
import type { BoundParty } from "./names/index.ts";
import { readObject } from "./objects/read.ts";
import type { FieldProblem } from "./schema/check.ts";

/** One row for each relying party, loaded only where its bindings are used. */
const rows: Readonly<Record<BoundParty, () => Promise<PartyManifests>>> = {
  aws: () => Promise.resolve(awsManifests),
  azure: async () => (await import("./azure/index.ts")).azureManifests,
  gcp: async () => (await import("./gcp/index.ts")).googleManifests,
};

/** What bindings of these relying parties need in a cluster, each named once. */
export function loadPartyManifests(parties: readonly BoundParty[]): Promise<readonly PartyManifests[]> {
  return Promise.all([...new Set(parties)].map((one) => rows[one]()));
}

/** Everything that the definition of a relying party's binding finds wrong with an object: the API server refuses it likewise. */
export function bindingProblems({ kinds, names }: PartyManifests, object: unknown): readonly FieldProblem[] {
  return kinds
    .filter((one) => one.names.kind === names.binding.kind)
    .flatMap(({ spec }) => {
      const read = readObject(object, names.binding, spec);
      return "problems" in read ? read.problems : [];
    });
}
