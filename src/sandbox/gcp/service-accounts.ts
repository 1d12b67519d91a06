import { randomInt } from "node:crypto";
import type { JsonRecord } from "../../core/base/index.ts";
import { demand } from "./access.ts";
import type { ApiCall, ApiReply } from "./call.ts";
import { objectField, pageOf, textField } from "./fields.ts";
import { demandIn } from "./pools.ts";
import type { Governed } from "./policy-operations.ts";
import type { Project, ServiceAccount } from "./project.ts";
import { invalid, notFound, refusal } from "./refusal.ts";

const permissions = "iam.serviceAccounts";
const maxDisplayName = 100;
const maxDescription = 256;
const maxPage = 100;

/** 21 digits, as Google's unique ids. */
const newUniqueId = (): string =>
  Array.from({ length: 21 }, (_, at) => (at === 0 ? 1 : randomInt(10))).join("");

/** Makes a service account. Throws INVALID_ARGUMENT, or ALREADY_EXISTS. */
export function createAccount(project: Project, id: string, body: JsonRecord): ServiceAccount {
  if (!/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/u.test(id))
    invalid("Invalid service account id.", {
      why: `accountId is ${JSON.stringify(id.slice(0, 100))}`,
      next: "Take 6 to 30 of a-z, 0-9 and hyphen, a letter first.",
    });
  const { project: of } = project.settings;
  const email = `${id}@${of}.iam.gserviceaccount.com`;
  if (project.accounts.has(email))
    throw refusal("ALREADY_EXISTS", `Service account ${id} already exists within project projects/${of}.`, {
      rule: "id-free",
    });
  const account: ServiceAccount = {
    email,
    uniqueId: newUniqueId(),
    policy: project.newPolicy(),
    displayName: textField(body, "displayName", maxDisplayName),
    description: textField(body, "description", maxDescription),
    disabled: false,
  };
  project.accounts.set(email, account);
  return account;
}

/** The account of an address or unique id; undefined if there is none. */
export function findAccount(project: Project, of: string): ServiceAccount | undefined {
  return project.accounts.get(of) ?? [...project.accounts.values()].find(({ uniqueId }) => uniqueId === of);
}

/** `projects/ID/serviceAccounts/EMAIL` */
const nameOf = (project: Project, email: string): string =>
  `projects/${project.settings.project}/serviceAccounts/${email}`;

const resourceOf = (project: Project, email: string): string =>
  `//iam.googleapis.com/${nameOf(project, email)}`;

/** The account that a path names, with its policy. Throws NOT_FOUND. */
export function governedAccount({
  project,
  names,
}: ApiCall): Governed & { readonly account: ServiceAccount } {
  const { account: email = "" } = names;
  const account = findAccount(project, email);
  if (account === undefined) throw notFound(nameOf(project, email));
  return { account, policy: account.policy, resource: resourceOf(project, account.email), permissions };
}

function shown(project: Project, { email, uniqueId, policy, ...rest }: ServiceAccount): object {
  const { displayName, description, disabled } = rest;
  return {
    name: nameOf(project, email),
    projectId: project.settings.project,
    uniqueId,
    email,
    ...(displayName === "" ? {} : { displayName }),
    etag: policy.etag,
    ...(description === "" ? {} : { description }),
    oauth2ClientId: uniqueId,
    ...(disabled ? { disabled } : {}),
  };
}

function create(call: ApiCall): ApiReply {
  demandIn(call, `${permissions}.create`);
  const body = call.json();
  const id = textField(body, "accountId", Number.POSITIVE_INFINITY);
  const account = createAccount(call.project, id, objectField(body, "serviceAccount"));
  return { status: 200, body: shown(call.project, account) };
}

function list(call: ApiCall): ApiReply {
  demandIn(call, `${permissions}.list`);
  const { project, query } = call;
  const body = pageOf(query, {
    items: [...project.accounts.values()],
    key: "accounts",
    maxSize: maxPage,
    show: (account) => shown(project, account),
  });
  return { status: 200, body };
}

/** An operation on one account, with the permission that it needs. */
const onOne =
  (verb: string, run: (account: ServiceAccount, project: Project) => object) =>
  (call: ApiCall): ApiReply => {
    const { account, policy, resource } = governedAccount(call);
    demand(call, { permission: `${permissions}.${verb}`, resource, policy });
    return { status: 200, body: run(account, call.project) };
  };

/** The operations on service accounts, each by its verb. */
export const accountOperations = {
  create,
  list,
  get: onOne("get", (account, project) => shown(project, account)),
  delete: onOne("delete", ({ email }, project) => {
    project.accounts.delete(email);
    return {};
  }),
  disable: onOne("disable", (account) => {
    account.disabled = true;
    return {};
  }),
  enable: onOne("enable", (account) => {
    account.disabled = false;
    return {};
  }),
};
