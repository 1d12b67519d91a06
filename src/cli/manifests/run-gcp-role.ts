import { PodtrustError } from "../../core/base/index.ts";
import { leastGoogleRoles } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import { configOf } from "../options/config.ts";

export interface GoogleRoleOptions {
  readonly file: string;
  readonly on: "project" | "service-account";
}

/** Prints the least role of a config: JSON as gcloud takes it, with `--json` and without. */
export async function runGoogleRole(context: CommandContext, options: GoogleRoleOptions): Promise<void> {
  const config = await configOf(context, options.file);
  const lacking = (what: string): PodtrustError =>
    new PodtrustError("usage", `${config.file} names no ${what}`, {
      next: "Add the section gcp to it, with the service accounts that are impersonated.",
    });
  if (config.gcp.length === 0) throw lacking("project of Google Cloud");
  const role = (await leastGoogleRoles(config))[options.on];
  if (role === undefined) throw lacking("service account of Google");
  context.output.raw(`${JSON.stringify(role, undefined, 2)}\n`);
}
