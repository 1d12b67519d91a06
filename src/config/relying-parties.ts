import {
  federatedParties,
  type FederatedParty,
  type RelyingPartyName,
  relyingParties,
} from "../rules/oidc/index.ts";
import { isRecord } from "../core/base/index.ts";
import type { Config, ConfiguredParties } from "./config.ts";
import type { ConfigDocument } from "./mistakes/document.ts";
import type { PartySection } from "./sections/party-section.ts";

/** One row for each relying party that has a section of its own beside `aws`; loaded by a config that has the section. */
const sections: Readonly<Record<FederatedParty, () => Promise<PartySection>>> = {
  gcp: async () => (await import("./sections/gcp.ts")).gcpSection,
  azure: async () => (await import("./sections/azure.ts")).azureSection,
  openbao: async () => (await import("./sections/openbao.ts")).openBaoSection,
};

/** The config of relying parties without a section. */
export const noParties: ConfiguredParties = { gcp: [], azure: [], openbao: [] };

/** The relying parties that a file has a section for, whatever its content. */
export function partiesIn(document: ConfigDocument): readonly FederatedParty[] {
  const { value } = document;
  return isRecord(value) ? federatedParties.filter((name) => Object.hasOwn(value, name)) : [];
}

/** The section of one relying party, with what belongs to it. */
export function loadSection(name: FederatedParty): Promise<PartySection> {
  return sections[name]();
}

/** The relying parties whose sections a config has. */
export function declaredParties(
  config: Pick<Config, "aws" | keyof ConfiguredParties>,
): readonly RelyingPartyName[] {
  return (["aws", ...federatedParties] as const).filter((name) => config[name].length > 0);
}

/**
 * The relying parties that read the issuer's documents by what a config declares: not a project of Google
 * that keys are uploaded to. AWS if it declares none, as a publisher's own config does.
 */
export function fetchingParties(
  config: Pick<Config, "aws" | keyof ConfiguredParties>,
): readonly RelyingPartyName[] {
  const declared = declaredParties(config);
  const fetching = declared.filter((name) =>
    config[name].some((one) => !("keys" in one) || one.keys === "fetch"),
  );
  return declared.length === 0 ? ["aws"] : fetching;
}

/** Whether a relying party reads the issuer's documents from the internet, by what a config declares. */
export function isFetchedPublicly(config: Pick<Config, "aws" | keyof ConfiguredParties>): boolean {
  return fetchingParties(config).some((name) => relyingParties[name].fetchesPublicly);
}

/** The relying parties that a config uploads keys to, in place of letting them fetch: all of their projects or a part. */
export function uploadingParties(
  config: Pick<Config, "aws" | keyof ConfiguredParties>,
): readonly RelyingPartyName[] {
  return declaredParties(config).filter((name) =>
    config[name].some((one) => "keys" in one && one.keys === "upload"),
  );
}
