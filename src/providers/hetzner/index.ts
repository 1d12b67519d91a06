export { callerAddress, type CallerAddress, standardAddressServices } from "./caller-address.ts";
export { type HetznerAccess, HetznerApi } from "./client.ts";
export { openHetznerDns } from "./dns/open.ts";
export { endpointOf } from "./endpoint.ts";
export { idOf, isOwned, observedThing, ownOf } from "./find.ts";
export { firewallLabels, firewallResource, type FirewallSpec, type OpenPort } from "./firewall-resource.ts";
export { checkLocation, type Choice, chooseOffer, findImage, findServerType, notSold } from "./offers.ts";
export { type MonthlyPrice, monthlyPrices } from "./prices.ts";
export { primaryIpResource } from "./primary-ip-resource.ts";
export { rememberHostKeys } from "./host-keys.ts";
export { rememberedIssuers } from "./issuer-label.ts";
export { hetznerNames } from "./resource.ts";
export { families, type Family, type FirstBoot, type ServerSpec, stands } from "./server-difference.ts";
export { serverOutputs, serverResource } from "./server-resource.ts";
export type { PrimaryIp, Server, SshKey, Thing } from "./shapes.ts";
export { keyInProject, type LoginKeys, sshKeyResource } from "./ssh-key-resource.ts";
export {
  type OwnedResource,
  ownedResources,
  ownedThings,
  type OwnedThings,
  type UnmarkedUse,
  unmarkedUses,
} from "./survey.ts";
export { readToken, type HetznerTokenSource, tokenSourceText } from "./token.ts";
