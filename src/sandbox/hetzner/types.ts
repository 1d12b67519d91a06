import type { StandInMachine } from "./machines.ts";

/** A price as the API writes it: decimal text with up to sixteen places. */
export interface Price {
  readonly net: string;
  readonly gross: string;
}

export interface Location {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly country: string;
  readonly city: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly network_zone: string;
}

export type Architecture = "x86" | "arm";

/** The price of one type in one location. */
export interface TypePrice {
  readonly location: string;
  readonly price_hourly: Price;
  readonly price_monthly: Price;
  readonly included_traffic: number;
  readonly price_per_tb_traffic: Price;
}

export interface Deprecation {
  readonly announced: string;
  readonly unavailable_after: string;
}

export interface TypeLocation {
  readonly id: number;
  readonly name: string;
  readonly available: boolean;
  readonly recommended: boolean;
  readonly deprecation: Deprecation | null;
}

export interface ServerType {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly category: string;
  readonly cores: number;
  readonly memory: number;
  readonly disk: number;
  readonly storage_type: string;
  readonly cpu_type: string;
  readonly architecture: Architecture;
  readonly prices: readonly TypePrice[];
  readonly deprecated: boolean;
  readonly deprecation: Deprecation | null;
  readonly locations: readonly TypeLocation[];
}

export interface Image {
  readonly id: number;
  readonly type: "system";
  readonly status: "available";
  readonly name: string;
  readonly description: string;
  readonly image_size: number | null;
  readonly disk_size: number;
  readonly created: string;
  readonly created_from: null;
  readonly bound_to: null;
  readonly os_flavor: string;
  readonly os_version: string;
  readonly architecture: Architecture;
  readonly rapid_deploy: boolean;
  readonly protection: { readonly delete: boolean };
  readonly deprecated: string | null;
  readonly deprecation: Deprecation | null;
  readonly deleted: null;
  readonly labels: Labels;
}

export type Labels = Readonly<Record<string, string>>;

/** The kinds of resources of actions. */
export type ResourceKind = "server" | "firewall" | "primary_ip" | "zone";

export interface ResourceReference {
  readonly id: number;
  readonly type: ResourceKind;
}

export interface Action {
  readonly id: number;
  readonly command: string;
  status: "running" | "success" | "error";
  progress: number;
  readonly started: string;
  finished: string | null;
  readonly resources: readonly ResourceReference[];
  error: { readonly code: string; readonly message: string } | null;
}

interface Owned {
  readonly id: number;
  name: string;
  labels: Labels;
  readonly created: string;
}

export interface SshKey extends Owned {
  readonly fingerprint: string;
  readonly public_key: string;
}

export interface FirewallRule {
  readonly direction: "in" | "out";
  readonly protocol: string;
  readonly port: string | null;
  readonly source_ips: readonly string[];
  readonly destination_ips: readonly string[];
  readonly description: string | null;
}

export interface Firewall extends Owned {
  rules: readonly FirewallRule[];
  /** Label selectors that the firewall is applied to. */
  readonly selectors: Set<string>;
}

export interface PrimaryIp extends Owned {
  readonly type: "ipv4" | "ipv6";
  /** An address for IPv4; a /64 in CIDR form for IPv6. */
  readonly ip: string;
  readonly location: Location;
  protection: { readonly delete: boolean };
  auto_delete: boolean;
  assignee_id: number | null;
  readonly dns_ptr: { readonly ip: string; readonly dns_ptr: string }[];
}

export interface AppliedFirewall {
  readonly id: number;
  status: "applied" | "pending";
}

export interface Server extends Owned {
  status: "running" | "initializing" | "starting" | "stopping" | "off" | "deleting" | "rebuilding";
  readonly serverType: ServerType;
  image: Image;
  readonly location: Location;
  readonly ipv4: number | null;
  readonly ipv6: number | null;
  readonly firewalls: AppliedFirewall[];
  protection: { readonly delete: boolean; readonly rebuild: boolean };
  locked: boolean;
  /** What the machine boots with; the API never returns it. */
  userData: string;
  readonly sshKeys: readonly SshKey[];
  /** The machine behind it, if the project has machines. */
  machine: StandInMachine | undefined;
}

/** One record of a set. */
export interface ZoneRecord {
  readonly value: string;
  readonly comment?: string;
}

/** All records of one name and type, which identify it. */
export interface ZoneRecordSet {
  /** `www/A` */
  readonly id: string;
  readonly name: string;
  readonly type: string;
  ttl: number | null;
  records: readonly ZoneRecord[];
  labels: Labels;
}

export interface Zone {
  readonly id: number;
  readonly name: string;
  readonly mode: "primary" | "secondary";
  readonly delegation: string;
  readonly created: string;
  /** Set by each change, until it is on the name servers. */
  updating: number;
  readonly sets: Map<string, ZoneRecordSet>;
}
