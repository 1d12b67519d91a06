import { shellWord } from "../../core/base/index.ts";
import { replaceText } from "../../core/files/index.ts";
import { type Output, unbroken } from "../../core/terminal/index.ts";
import type { Sandbox } from "../index.ts";

/** The first gives gcloud a token without a login, the second Terraform's provider. */
const names = ["CLOUDSDK_AUTH_ACCESS_TOKEN", "GOOGLE_OAUTH_ACCESS_TOKEN"];

/** Writes Google's administrator credentials for clients as a file for a POSIX shell, mode 0600: it holds the token. */
export async function writeGoogleAdmin(path: string, { gcp }: Sandbox): Promise<string | undefined> {
  if (gcp === undefined) return undefined;
  const lines = names.map((name) => `export ${name}=${shellWord(gcp.adminToken)}\n`);
  await replaceText(path, lines.join(""));
  return path;
}

/** Google's part of `--json`, if it runs. */
export function googleResult({ gcp }: Sandbox, admin: string | undefined): object {
  if (gcp === undefined) return {};
  const { url, project, projectNumber } = gcp;
  return { google: { url, project, projectNumber, admin } };
}

interface Introduced {
  readonly sandbox: Sandbox;
  /** The command as typed: `podtrust sandbox`. */
  readonly command: string;
  readonly googleAdmin: string | undefined;
}

/** Prints how Google's clients reach its stand-in; `url` is the sandbox's. */
export function introduceGoogle(
  output: Output,
  url: string,
  { sandbox: { gcp }, command, googleAdmin }: Introduced,
): void {
  if (gcp === undefined || googleAdmin === undefined) return;
  output.line("Lead Google's clients to it, and be its administrator (the token is in the file):");
  output.line(unbroken(`  eval "$(${command} env --for gcp --url ${url})"`));
  output.line(unbroken(`  . ${shellWord(googleAdmin)}`));
  output.line(`Project ${gcp.project}, number ${gcp.projectNumber}; for clients that take an address:`);
  output.line(unbroken(`  ${gcp.url}`));
  output.line();
}
