import { nearest, parseDuration, PodtrustError } from "../../core/base/index.ts";
import type { SandboxOptions } from "../index.ts";

/** What was typed of clouds beside AWS. */
export interface RelyingPartyOptions {
  readonly for?: string;
  readonly frontPort: string;
  readonly azurePropagation?: string;
  readonly azureNewIssuer?: string;
}

/** Clouds whose clients go through the front, each with the variables that tell them where their tenant or project is. */
export const fronted = {
  azure: ["AZURE_TENANT_ID", "AZURE_AUTHORITY_HOST", "AZURE_SUBSCRIPTION_ID"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type Fronted = keyof typeof fronted;

/** `text` where it is a word of a list. Throws `usage`, with the nearest. */
export function wordOf<Word extends string>(option: string, text: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === text);
  if (found !== undefined) return found;
  const near = nearest(text, words);
  throw new PodtrustError("usage", `${option} ${text} is none of ${words.join(", ")}`, {
    next: near === undefined ? `One of ${words.join(", ")}.` : `Did you mean ${near}?`,
  });
}

function durationOf(option: string, text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new PodtrustError("usage", `${option} ${text} is not a time`, {
    next: "Give a duration, as 2m or 500ms; 0s for none.",
  });
}

function azureOf(typed: RelyingPartyOptions): NonNullable<SandboxOptions["azure"]> {
  const { azurePropagation: propagation, azureNewIssuer: newIssuer } = typed;
  return {
    ...(propagation === undefined ? {} : { propagationMs: durationOf("--azure-propagation", propagation) }),
    ...(newIssuer === undefined ? {} : { newIssuerMs: durationOf("--azure-new-issuer", newIssuer) }),
  };
}

/** The clouds beside AWS that were asked for. Throws `usage` for one that is none, and for options of one that is not on. */
export function relyingPartiesOf(typed: RelyingPartyOptions): Pick<SandboxOptions, Fronted> {
  const names = (typed.for ?? "aws").split(",");
  const wanted = names.map((name) => wordOf("--for", name.trim(), ["aws", "azure"]));
  if (wanted.includes("azure")) return { azure: azureOf(typed) };
  if ((typed.azurePropagation ?? typed.azureNewIssuer) === undefined) return {};
  throw new PodtrustError("usage", "options of Azure were given without --for azure", {
    next: "Add --for azure.",
  });
}
