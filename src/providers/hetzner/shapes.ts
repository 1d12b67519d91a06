/** What podtrust reads of the API's objects: these fields, checked; all others are ignored. */
import { defined, mapped } from "../../core/base/index.ts";
import type { Tags } from "../../rules/plan/index.ts";
import type { AnswerFields } from "./fields.ts";

/** What every thing in a project has. */
export interface Thing {
  readonly id: number;
  readonly name: string;
  readonly labels: Tags;
}

export interface SshKey extends Thing {
  /** In OpenSSH's form; its comment may differ from what was sent. */
  readonly publicKey: string;
}

export interface FirewallRule {
  readonly direction: string;
  readonly protocol: string;
  readonly port: string;
  readonly sources: readonly string[];
  readonly destinations: readonly string[];
  readonly description: string;
}

export interface Firewall extends Thing {
  readonly rules: readonly FirewallRule[];
}

/** `ipv4` or `ipv6`; any other would be new in the API. */
export interface PrimaryIp extends Thing {
  readonly type: string;
  /** An address for IPv4, a /64 in CIDR form for IPv6. */
  readonly ip: string;
  readonly location: string;
  readonly autoDelete: boolean;
  readonly isProtected: boolean;
  /** The id of its holder. The assignee's type is not read: it is not defined for a free one. */
  readonly assignee?: number;
}

export interface ServerAddress {
  readonly id: number;
  readonly ip: string;
}

export interface Server extends Thing {
  readonly status: string;
  readonly type: string;
  readonly location: string;
  /** Absent for an image that is gone. */
  readonly image?: string;
  readonly ipv4?: ServerAddress;
  readonly ipv6?: ServerAddress;
  readonly firewalls: readonly { readonly id: number; readonly status: string }[];
  readonly isProtected: boolean;
}

export interface Action {
  readonly id: number;
  readonly command: string;
  readonly status: string;
  /** 0 to 100. */
  readonly progress: number;
  /** Why it failed; both may be empty. */
  readonly error?: { readonly code: string; readonly message: string };
}

function thing(fields: AnswerFields): Thing {
  return { id: fields.id("id"), name: fields.text("name"), labels: fields.labels("labels") };
}

export function sshKeyOf(fields: AnswerFields): SshKey {
  return { ...thing(fields), publicKey: fields.text("public_key") };
}

export function firewallOf(fields: AnswerFields): Firewall {
  const rules = fields.list("rules").map((rule) => ({
    direction: rule.text("direction"),
    protocol: rule.text("protocol"),
    port: rule.optionalText("port") ?? "",
    sources: rule.texts("source_ips"),
    destinations: rule.texts("destination_ips"),
    description: rule.optionalText("description") ?? "",
  }));
  return { ...thing(fields), rules };
}

export function primaryIpOf(fields: AnswerFields): PrimaryIp {
  return {
    ...thing(fields),
    type: fields.text("type"),
    ip: fields.address("ip"),
    location: fields.fields("location").text("name"),
    autoDelete: fields.flag("auto_delete"),
    isProtected: fields.optionalFields("protection")?.flag("delete") ?? false,
    ...(fields.has("assignee_id") ? { assignee: fields.id("assignee_id") } : {}),
  };
}

function addressOf(net: AnswerFields, family: "ipv4" | "ipv6"): ServerAddress | undefined {
  const address = net.optionalFields(family);
  return address === undefined ? undefined : { id: address.id("id"), ip: address.address("ip") };
}

export function serverOf(fields: AnswerFields): Server {
  const net = fields.fields("public_net");
  const [ipv4, ipv6] = [addressOf(net, "ipv4"), addressOf(net, "ipv6")];
  const image = fields.optionalFields("image")?.optionalText("name");
  return {
    ...thing(fields),
    status: fields.text("status"),
    type: fields.fields("server_type").text("name"),
    location: fields.fields("location").text("name"),
    firewalls: net.list("firewalls").map((one) => ({ id: one.id("id"), status: one.text("status") })),
    isProtected: fields.optionalFields("protection")?.flag("delete") ?? false,
    ...defined({ image, ipv4, ipv6 }),
  };
}

export function actionOf(fields: AnswerFields): Action {
  const error = fields.optionalFields("error");
  return {
    id: fields.id("id"),
    command: fields.text("command"),
    status: fields.text("status"),
    progress: fields.number("progress", 0),
    ...defined({
      error: mapped(error, (answer) => ({
        code: answer.optionalText("code") ?? "",
        message: answer.optionalText("message") ?? "",
      })),
    }),
  };
}
