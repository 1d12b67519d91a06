import { shellWord } from "../../core/base/index.ts";
import { replaceText } from "../../core/files/index.ts";
import { type Output, unbroken } from "../../core/terminal/index.ts";
import type { Sandbox } from "../index.ts";

/** Writes Azure's administrator credentials for clients as a file for a POSIX shell, mode 0600: it holds the secret. */
export async function writeAzureAdmin(path: string, { azure }: Sandbox): Promise<string | undefined> {
  if (azure === undefined) return undefined;
  const { clientId, clientSecret } = azure.admin;
  const variables = { ...azure.environment, AZURE_CLIENT_ID: clientId, AZURE_CLIENT_SECRET: clientSecret };
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${shellWord(value)}\n`);
  await replaceText(path, lines.join(""));
  return path;
}

interface Introduced {
  /** The command as typed: `podtrust sandbox`. */
  readonly command: string;
  readonly azureAdmin: string | undefined;
}

/** Prints how Azure's clients reach its stand-in; `url` is the sandbox's. */
export function introduceAzure(output: Output, url: string, { command, azureAdmin }: Introduced): void {
  if (azureAdmin === undefined) return;
  output.line("Lead Azure's clients to it, and be its administrator (the secret is in the file):");
  output.line(unbroken(`  eval "$(${command} env --for azure --url ${url})"`));
  output.line(unbroken(`  . ${shellWord(azureAdmin)}`));
  output.line();
}
