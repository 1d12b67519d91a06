import { parseArgs, type ParseArgsConfig } from "node:util";
import { type VendorName, vendorNames } from "./recording.ts";

/** What was typed is no run; the text says why. */
export class UsageError extends Error {}

export interface RecordOptions {
  readonly vendor: VendorName;
  /** Where the recording goes. */
  readonly out: string;
  /** Minutes of waiting for each open question. */
  readonly maxWait: number;
  /** Of the flags of the vendor, those that were given. */
  readonly given: Readonly<Record<string, string>>;
}

interface VendorFlags {
  readonly needs: readonly string[];
  readonly may: readonly string[];
  /** The variable that holds an access token, and what gives one. */
  readonly token?: readonly [variable: string, command: string];
  /** What a run makes, and what it asks for. */
  readonly makes: string;
}

/** The variable of a token for Graph, and what gives one. */
export const graphToken: readonly [variable: string, command: string] = [
  "AZURE_GRAPH_TOKEN",
  "az account get-access-token --resource https://graph.microsoft.com --query accessToken --output tsv",
];

export const vendorFlags: Readonly<Record<VendorName, VendorFlags>> = {
  aws: {
    needs: ["region", "issuer", "documents"],
    may: [],
    makes:
      "an OIDC provider and a role in the account of your AWS credentials, and calls STS about a hundred times",
  },
  gcp: {
    needs: ["project", "project-number"],
    may: ["issuer", "documents"],
    token: ["GOOGLE_OAUTH_ACCESS_TOKEN", "gcloud auth print-access-token"],
    makes:
      "a workload identity pool and a service account in the project, and calls Google's STS about a hundred times",
  },
  azure: {
    needs: ["tenant", "subscription", "resource-group", "location", "issuer", "documents"],
    may: ["application"],
    token: ["AZURE_ACCESS_TOKEN", "az account get-access-token --query accessToken --output tsv"],
    makes:
      "a user-assigned identity with 20 federated credentials in the resource group, and calls Entra about a hundred times",
  },
};

const usage = `usage: npm run record -- ${vendorNames.join("|")} --yes-this-costs [flags]`;
const text = { type: "string" } as const;

/** What may stand in a URL, in a path of an API, or in a flag of a vendor's own tools. */
const forms: Readonly<Record<string, RegExp>> = {
  region: /^[a-z]{2}(?:-[a-z]+)+-\d$/u,
  issuer: /^https:\/\/[a-z0-9.-]+(?:\/[A-Za-z0-9._-]+)*$/u,
  project: /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/u,
  "project-number": /^[1-9]\d{5,18}$/u,
  tenant: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u,
  subscription: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u,
  "resource-group": /^[\w().-]{1,90}$/u,
  location: /^[a-z0-9]{3,40}$/u,
  application: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u,
  documents: /^.{1,4000}$/u,
};

/** What was typed, by the names of flags. */
interface Typed {
  readonly values: Readonly<Record<string, boolean | string | undefined>>;
  readonly positionals: readonly string[];
}

function parsed(words: readonly string[]): Typed {
  const named = [...Object.keys(forms), "out", "max-wait"].map((name) => [name, text] as const);
  const options: NonNullable<ParseArgsConfig["options"]> = {
    ...Object.fromEntries(named),
    "yes-this-costs": { type: "boolean" },
  };
  try {
    const { values, positionals } = parseArgs({ args: [...words], allowPositionals: true, options });
    return { values: values as Typed["values"], positionals };
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
}

/** Reads the words of a command line. Throws UsageError. */
export function readOptions(words: readonly string[]): RecordOptions {
  const { values, positionals } = parsed(words);
  const vendor = vendorNames.find((name) => name === positionals[0]);
  if (vendor === undefined || positionals.length > 1) throw new UsageError(usage);
  const { needs, may, makes } = vendorFlags[vendor];
  const given = Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      typeof value === "string" && Object.hasOwn(forms, name) ? [[name, value] as const] : [],
    ),
  );
  for (const [name, value] of Object.entries(given)) {
    if (![...needs, ...may].includes(name)) throw new UsageError(`${vendor} has no --${name}\n${usage}`);
    if (!forms[name]?.test(value))
      throw new UsageError(`--${name} ${JSON.stringify(value)} has another form`);
  }
  const lacking = needs.filter((name) => given[name] === undefined);
  if (lacking.length > 0)
    throw new UsageError(`${vendor} wants ${lacking.map((name) => `--${name}`).join(", ")}\n${usage}`);
  if ((given["issuer"] === undefined) !== (given["documents"] === undefined))
    throw new UsageError(
      "--issuer and --documents go together: the URL, and the folder that is served under it",
    );
  if (values["yes-this-costs"] !== true)
    throw new UsageError(
      `this makes ${makes}. It takes all of it away again, and may cost money. If you want that: --yes-this-costs`,
    );
  const maxWait = Number(values["max-wait"] ?? 30);
  if (!(maxWait >= 1 && maxWait <= 1440)) throw new UsageError("--max-wait is 1 to 1440 minutes");
  const out = String(values["out"] ?? `test/conformance/recordings/${vendor}.json`);
  return { vendor, out, maxWait, given };
}
