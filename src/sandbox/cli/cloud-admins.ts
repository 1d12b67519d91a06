import { join } from "node:path";
import { type JsonRecord, shellWord } from "../../core/base/index.ts";
import { replaceText } from "../../core/files/index.ts";
import { type Output, unbroken } from "../../core/terminal/index.ts";
import type { Sandbox } from "../index.ts";
import type { Fronted } from "./relying-parties.ts";

type StandIn<Name extends Fronted> = NonNullable<Sandbox[Name]>;

/** The administrator of one cloud's stand-in. */
interface CloudAdmin<Shown> {
  readonly title: string;
  readonly file: string;
  /** What the file holds. */
  readonly secret: "secret" | "token";
  readonly variables: (shown: Shown) => Readonly<Record<string, string>>;
  /** Lines behind those that lead clients to it. */
  readonly more: (shown: Shown) => readonly string[];
  /** Its part of `--json`. */
  readonly result: (shown: Shown, file: string) => JsonRecord;
}

const admins: { readonly [Name in Fronted]: CloudAdmin<StandIn<Name>> } = {
  azure: {
    title: "Azure",
    file: "azure-admin.env",
    secret: "secret",
    variables: ({ environment, admin: { clientId, clientSecret } }) => ({
      ...environment,
      AZURE_CLIENT_ID: clientId,
      AZURE_CLIENT_SECRET: clientSecret,
    }),
    more: () => [],
    result: (_azure, azureAdmin) => ({ azureAdmin }),
  },
  gcp: {
    title: "Google",
    file: "google-admin.env",
    secret: "token",
    // The first gives gcloud a token without a login, the second Terraform's provider.
    variables: ({ adminToken }) => ({
      CLOUDSDK_AUTH_ACCESS_TOKEN: adminToken,
      GOOGLE_OAUTH_ACCESS_TOKEN: adminToken,
    }),
    more: ({ url, project, projectNumber }) => [
      `Project ${project}, number ${projectNumber}; for clients that take an address:`,
      `  ${url}`,
    ],
    result: ({ url, project, projectNumber }, admin) => ({ google: { url, project, projectNumber, admin } }),
  },
};

/** A stand-in whose administrator's file is written. */
export interface WrittenAdmin {
  /** Prints how clients reach it. `url` is the sandbox's, `command` the one that was typed: `podtrust sandbox`. */
  introduce(output: Output, url: string, command: string): void;
  /** Its part of `--json`. */
  readonly result: JsonRecord;
}

async function written<Name extends Fronted>(
  name: Name,
  { title, file, secret, ...row }: CloudAdmin<StandIn<Name>>,
  shown: StandIn<Name> | undefined,
  folder: string,
): Promise<readonly WrittenAdmin[]> {
  if (shown === undefined) return [];
  const path = join(folder, file);
  const lines = Object.entries(row.variables(shown)).map(
    ([variable, value]) => `export ${variable}=${shellWord(value)}\n`,
  );
  await replaceText(path, lines.join(""));
  return [
    {
      introduce(output, url, command) {
        output.line(
          `Lead ${title}'s clients to it, and be its administrator (the ${secret} is in the file):`,
        );
        output.line(unbroken(`  eval "$(${command} env --for ${name} --url ${url})"`));
        output.line(unbroken(`  . ${shellWord(path)}`));
        for (const line of row.more(shown)) output.line(unbroken(line));
        output.line();
      },
      result: row.result(shown, path),
    },
  ];
}

/**
 * Writes the administrators' credentials of the stand-ins that run, each for clients as a file for a POSIX shell in the
 * folder, mode 0600: it holds a secret.
 */
export async function writeAdmins(folder: string, { azure, gcp }: Sandbox): Promise<readonly WrittenAdmin[]> {
  return [
    ...(await written("azure", admins.azure, azure, folder)),
    ...(await written("gcp", admins.gcp, gcp, folder)),
  ];
}
