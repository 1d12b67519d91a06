import {
  azureAnnotations,
  azureAsking,
  azureClouds,
  azureExpiration,
  azureLabel,
  azureMount,
  azureSeparator,
  azureVariables,
} from "../azure.ts";
import { fileIn } from "../mount-paths.ts";
import { asked, expirationVariables, fitting, skippedVariable } from "./annotation-variables.ts";
import { choose, literal } from "./cel.ts";
import { tokenSource } from "./operations.ts";
import type { PartyPolicy } from "./token-policy.ts";

/** A value of the cloud that is asked for. */
function ofCloud(value: "audience" | "authority"): string {
  const { public: everywhere, ...others } = azureClouds;
  const cases = Object.entries(others).map(
    ([name, cloud]) => [`variables.cloud == ${literal(name)}`, literal(cloud[value])] as const,
  );
  return choose(cases, literal(everywhere[value]));
}

const has = (name: keyof typeof azureAnnotations): string => `${asked(name)} != ""`;

/** What `injectAzure` does, in expressions. */
export const azurePolicy: PartyPolicy = {
  asking: azureAsking,
  token: {
    name: "podtrust-azure",
    matchConditions: [
      {
        name: "label",
        expression: `object.metadata.?labels[?${literal(azureLabel.key)}].orValue(${literal(azureLabel.value)}) == ${literal(azureLabel.value)}`,
      },
    ],
    variables: [
      { name: "cloud", expression: fitting(azureAnnotations, "azure-cloud") },
      {
        name: "audience",
        comment: "Each of Microsoft's clouds takes its own.",
        expression: ofCloud("audience"),
      },
      { name: "authority", comment: "Where clients exchange the token.", expression: ofCloud("authority") },
      ...expirationVariables(asked("token-expiration"), azureExpiration),
      skippedVariable(azureAnnotations, azureSeparator),
    ],
    volume: azureMount.volume,
    folder: azureMount.folder,
    sources: [{ sources: [tokenSource(azureMount.token)] }],
    groups: {
      client: {
        names: [azureVariables.client],
        value: asked("client-id"),
        condition: has("client-id"),
        isFile: false,
      },
      tenant: {
        names: [azureVariables.tenant],
        value: asked("tenant-id"),
        condition: has("tenant-id"),
        isFile: false,
      },
      file: {
        names: [azureVariables.file],
        value: literal(fileIn(azureMount.folder, azureMount.token)),
        isFile: true,
      },
      authority: { names: [azureVariables.authority], value: "variables.authority", isFile: false },
    },
    skipped: "variables.skipped",
    // A pod with the label alone, whose namespace names no tenant, asks for nothing.
    guard: `${has("client-id")} || ${has("tenant-id")}`,
  },
};
