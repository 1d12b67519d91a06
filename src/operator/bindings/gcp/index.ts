import type { Controllers, ControllerTools } from "../../index.ts";
import { partyNames } from "../../../rules/bindings/index.ts";
import { readGoogleTrust } from "../../../rules/bindings/gcp/index.ts";
import { ClusterView } from "../cluster-view.ts";
import { followedBy, partyControllers } from "../controllers.ts";
export { planningMembers } from "./plan-files.ts";
import { type GoogleContext, GoogleProjects } from "./projects.ts";
import { googlePasses } from "./row.ts";

/** The controllers of GCPServiceAccountBinding and GCPTrust, with the environment's credentials for Google. */
export function reconcilingGoogleBindings(tools: ControllerTools, env: GoogleContext["env"]): Controllers {
  const { api, clock } = tools;
  const view = new ClusterView(api, clock, {
    kind: partyNames.gcp.trust.kind,
    read: readGoogleTrust,
    // Nothing is made that counts towards a grant.
    count: () => ({ wanted: 0, held: 0 }),
  });
  const google = new GoogleProjects({ env, clock });
  return partyControllers(googlePasses(google), followedBy(tools, "gcp", view));
}
