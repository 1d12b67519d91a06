export { type AccountAtCa, type AccountsSpec, accountsNames, accountsResource } from "./accounts.ts";
export type { AccountRecords, FoundRecords } from "./account-records.ts";
export { type PublisherSite, rollBack } from "./apply.ts";
export { hostConfig } from "./config-file.ts";
export { type HostLayout, hostLayout, unitNames } from "./layout.ts";
export { findReleases, readRelease } from "./release.ts";
export { publisherNames, publisherResource } from "./resource.ts";
export { publisherUnits, type UnitsSpec } from "./units.ts";
export type { HostPublisherSpec } from "./spec.ts";
