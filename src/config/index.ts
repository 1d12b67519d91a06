export type { AwsConfig, RoleConfig } from "./aws/config.ts";
export { audienceFor } from "./audiences.ts";
export type { AzureCloudName, AzureIdentity, AzureTenant } from "./azure/config.ts";
export type { ClusterServer, ClusterSource } from "./cluster.ts";
export type { Config, ConfiguredParties } from "./config.ts";
export type { CloudflareConfig, DnsConfig } from "./dns/config.ts";
export { caaMethods, dnsOfPublisher, publisherTokenFile } from "./sections/publisher-dns.ts";
export { type ListenSpec, listenText, parseListen } from "./forms/listen.ts";
export type { GcpProject, GcpServiceAccount } from "./gcp/config.ts";
export type { IssuerName, IssuerNaming, UnnamedConfig } from "./sections/issuer-naming.ts";
export type {
  CiliumConfig,
  Cni,
  HetznerMachine,
  K3sConfig,
  MachineConfig,
  SshMachine,
} from "./machine/config.ts";
export type { ConfigProblem } from "./mistakes/problem.ts";
export type { OpenBaoRole, OpenBaoServer } from "./openbao/config.ts";
export { configJsonSchema, loadConfig, parseConfig } from "./open.ts";
export {
  declaredParties,
  fetchingParties,
  isFetchedPublicly,
  noParties,
  uploadingParties,
} from "./relying-parties.ts";
export { publisherOf } from "./sections/publisher.ts";
export { personStateDir } from "./paths.ts";
export {
  defaultPodSettings,
  ownLabels,
  parsePodSettings,
  type PodSettings,
  podSettingsJsonSchema,
} from "./pods/settings.ts";
export type {
  AcmeAuthority,
  AcmeConfig,
  EabConfig,
  PublisherConfig,
  ServeConfig,
  SecretName,
} from "./publisher/config.ts";
export type { S3Config } from "./publisher/s3.ts";
export type { BackupBucket, BackupConfig } from "./publisher/backup.ts";
export type { S3Keys } from "./publisher/s3-location.ts";
export { acmeAuthorities, type AcmeIssuer, acmeIssuers } from "./publisher/authorities.ts";
export { acmeInput, type NameFile } from "./publisher/write.ts";
