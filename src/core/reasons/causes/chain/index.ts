import { permissionCauses, podTokenCauses, stsCauses } from "./client.ts";
import { clusterCauses } from "./cluster.ts";
import { podCauses, webhookCauses } from "./injection.ts";
import { providerCauses, publisherCauses } from "./provider.ts";
import { trustCauses } from "./trust.ts";

/** Causes that only a look at cluster, account and pods can show, which takes a config. */
export const chainCauses = {
  ...clusterCauses,
  ...publisherCauses,
  ...providerCauses,
  ...trustCauses,
  ...podCauses,
  ...webhookCauses,
  ...podTokenCauses,
  ...stsCauses,
  ...permissionCauses,
};
