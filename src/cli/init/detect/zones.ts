import { credentialVariable } from "../../../core/credentials/index.ts";
import { hostedZoneNames, openAws } from "../../../providers/aws/index.ts";
import { cloudflareAccess, servedZones } from "../../../providers/cloudflare/index.ts";
import type { CommandContext } from "../../context.ts";
import { type Detected, detect } from "./detect.ts";

/** A zone that the present credentials may write. */
export interface WritableZone {
  readonly zone: string;
  readonly dns: "cloudflare" | "route53";
}

/** Asks Cloudflare, where its token is in the environment. */
function detectCloudflare(context: CommandContext): Promise<Detected<readonly WritableZone[]>> {
  return detect(context, async (signal) => {
    const access = await cloudflareAccess({}, context.env);
    const zones = await servedZones(access, context.clock, signal);
    return zones.map((zone) => ({ zone, dns: "cloudflare" }));
  });
}

/** Asks Route 53 by the credentials of the AWS CLI. */
function detectRoute53(context: CommandContext, region: string): Promise<Detected<readonly WritableZone[]>> {
  return detect(context, async (signal) => {
    const session = openAws({ region, clock: context.clock, attempts: 1 });
    try {
      const zones = await hostedZoneNames(session, signal);
      return zones.map((zone) => ({ zone, dns: "route53" }));
    } finally {
      session.close();
    }
  });
}

/** The possible DNS providers of the zone, and what each found. */
export interface DetectedZone {
  readonly who: string;
  readonly seen: Detected<readonly WritableZone[]>;
}

/** Zones of the providers with credentials; `dns` limits it to one. */
export async function detectZones(
  context: CommandContext,
  region: string,
  dns: string | undefined,
): Promise<readonly DetectedZone[]> {
  const asksCloudflare =
    (dns ?? "cloudflare") === "cloudflare" &&
    credentialVariable(context.env, "cloudflare-token") !== undefined;
  const asked = [
    ...(asksCloudflare ? [{ who: "Cloudflare", seen: detectCloudflare(context) }] : []),
    ...((dns ?? "route53") === "route53" ? [{ who: "Route 53", seen: detectRoute53(context, region) }] : []),
  ];
  return Promise.all(asked.map(async ({ who, seen }) => ({ who, seen: await seen })));
}
