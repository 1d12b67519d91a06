import { defined, mapped, nearest, parseDuration, PodtrustError } from "../../core/base/index.ts";
import type { SandboxGoogleOptions, SandboxOptions } from "../index.ts";

/** The command-line options for clouds beside AWS. */
export interface RelyingPartyOptions {
  readonly for?: string;
  readonly frontPort: string;
  readonly azurePropagation?: string;
  readonly azureNewIssuer?: string;
  readonly gcpProject?: string;
  readonly gcpProjectNumber?: string;
  readonly gcpDelay?: readonly string[];
  readonly gcpUnknown?: readonly string[];
}

/** Clouds whose clients use the front, each with the variables that point them at their tenant or project. */
export const fronted = {
  azure: ["AZURE_TENANT_ID", "AZURE_AUTHORITY_HOST", "AZURE_SUBSCRIPTION_ID"],
  gcp: ["GOOGLE_CLOUD_PROJECT"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type Fronted = keyof typeof fronted;

/** `text`, if it is in a list of words. Throws `usage`, with the nearest. */
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
    ...defined({
      propagationMs: mapped(propagation, (duration) => durationOf("--azure-propagation", duration)),
      newIssuerMs: mapped(newIssuer, (duration) => durationOf("--azure-new-issuer", duration)),
    }),
  };
}

/** `NAME=VALUE`. Throws `usage` for a name that the option does not have. */
function pairOf<Name extends string>(
  option: string,
  text: string,
  names: readonly Name[],
): readonly [Name, string] {
  const [name = "", value, ...rest] = text.split("=");
  if (value !== undefined && rest.length === 0) return [wordOf(option, name, names), value];
  throw new PodtrustError("usage", `${option} ${text} is not NAME=VALUE`, {
    next: `The names are ${names.join(", ")}.`,
  });
}

function delaysOf(texts: readonly string[]): NonNullable<SandboxGoogleOptions["delays"]> {
  const option = "--gcp-delay";
  const pairs = texts.map((text) => pairOf(option, text, ["grant", "revoke", "upload"]));
  return Object.fromEntries(pairs.map(([name, value]) => [name, durationOf(option, value)]));
}

function unknownsOf(texts: readonly string[]): NonNullable<SandboxGoogleOptions["unknowns"]> {
  const option = "--gcp-unknown";
  const names = ["checkOrder", "issuerCache", "newKey", "operation"] as const;
  const pairs = texts.map((text) => pairOf(option, text, names));
  const isWord = (name: string, value: string): boolean => name === "checkOrder" || value === "ours";
  const unknowns = Object.fromEntries(
    pairs.map(([name, value]) => [name, isWord(name, value) ? value : durationOf(option, value)]),
  );
  // An unknown word is refused when the stand-in starts.
  return unknowns;
}

function googleOf(typed: RelyingPartyOptions): SandboxGoogleOptions {
  const { gcpProject: project, gcpProjectNumber: projectNumber, gcpDelay, gcpUnknown } = typed;
  return {
    ...defined({
      project,
      projectNumber,
      delays: mapped(gcpDelay, delaysOf),
      unknowns: mapped(gcpUnknown, unknownsOf),
    }),
  };
}

/** A cloud, and its command-line options. */
interface TypedCloud<Options> {
  readonly title: string;
  readonly typed: (typed: RelyingPartyOptions) => unknown;
  /** Throws `usage` for contradictory options. */
  readonly options: (typed: RelyingPartyOptions) => Options;
}

const parties: { readonly [Name in Fronted]: TypedCloud<SandboxOptions[Name]> } = {
  azure: {
    title: "Azure",
    typed: ({ azurePropagation, azureNewIssuer }) => azurePropagation ?? azureNewIssuer,
    options: azureOf,
  },
  gcp: {
    title: "Google Cloud",
    typed: ({ gcpProject, gcpProjectNumber, gcpDelay, gcpUnknown }) =>
      gcpProject ?? gcpProjectNumber ?? gcpDelay ?? gcpUnknown,
    options: googleOf,
  },
};

/** The requested clouds beside AWS. Throws `usage` for an unknown one, and for options of one that is not on. */
export function relyingPartiesOf(typed: RelyingPartyOptions): Pick<SandboxOptions, Fronted> {
  const names = Object.keys(parties) as readonly Fronted[];
  const wanted = (typed.for ?? "aws")
    .split(",")
    .map((name) => wordOf("--for", name.trim(), ["aws", ...names]));
  for (const name of names)
    if (!wanted.includes(name) && parties[name].typed(typed) !== undefined)
      throw new PodtrustError("usage", `options of ${parties[name].title} were given without --for ${name}`, {
        next: `Add --for ${name}.`,
      });
  const asked = names.filter((name) => wanted.includes(name));
  return Object.fromEntries(asked.map((name) => [name, parties[name].options(typed)]));
}
