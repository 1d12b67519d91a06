import type { AzureTenant, Config } from "../../config/index.ts";
import { PodtrustError } from "../../core/base/index.ts";
import { leastAzureRole } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import { configOf } from "../options/config.ts";

export interface AzureRoleOptions {
  readonly file: string;
  readonly tenant?: string;
}

/** A role is a tenant's own: its sections of the config are those that it is assigned on. */
function groupsOf({ file, azure }: Config, tenant: string | undefined): readonly AzureTenant[] {
  const tenants = [...new Set(azure.map((one) => one.tenant))];
  const wanted = tenant?.toLowerCase() ?? (tenants.length === 1 ? tenants[0] : undefined);
  const groups = azure.filter((one) => one.tenant === wanted);
  if (groups.length > 0) return groups;
  if (tenants.length === 0)
    throw new PodtrustError("usage", `${file} names no resource group of Azure`, {
      next: "Add the section azure to it, with tenant, subscription and resourceGroup.",
    });
  throw new PodtrustError("usage", `${file} names ${tenants.length} tenants of Azure that this could mean`, {
    next: `Give ${tenants.map((one) => `--tenant ${one}`).join(", or ")}.`,
  });
}

/** Prints the least role of a config: JSON as az takes it, with `--json` and without. */
export async function runAzureRole(context: CommandContext, options: AzureRoleOptions): Promise<void> {
  const config = await configOf(context, options.file);
  const role = await leastAzureRole(config, groupsOf(config, options.tenant));
  context.output.raw(`${JSON.stringify(role, undefined, 2)}\n`);
}
