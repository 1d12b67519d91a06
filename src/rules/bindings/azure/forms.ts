import { azureForms } from "../../oidc/index.ts";
import type { TextField } from "../schema/field.ts";

const groupForm = "[A-Za-z0-9_().-]{0,89}[A-Za-z0-9_()-]";
const identityForm = "[A-Za-z0-9][A-Za-z0-9_-]{2,127}";

export const guid = (description: string): TextField => ({
  type: "string",
  pattern: `^${azureForms.lowerGuid}$`,
  maxLength: 36,
  description,
});

/** Names of Resource Manager are the same in every case ("Naming rules and restrictions for Azure resources"). */
export const resourceGroup: TextField = {
  type: "string",
  pattern: `^${groupForm}$`,
  maxLength: 90,
  description: "The name of a resource group.",
};

export const identityName: TextField = {
  type: "string",
  pattern: `^${identityForm}$`,
  maxLength: 128,
  description: "The name of a user-assigned managed identity.",
};

const type = "Microsoft.ManagedIdentity/userAssignedIdentities";

export const resourceId: TextField = {
  type: "string",
  pattern: `^/subscriptions/${azureForms.lowerGuid}/resource[Gg]roups/${groupForm}/providers/${type.replace(".", "\\.")}/${identityForm}$`,
  maxLength: 400,
  description: "The resource id of a user-assigned managed identity, as az identity show prints it.",
};

/** In lower case: names are compared so. */
export const identityPattern: TextField = {
  type: "string",
  pattern: "^([a-z0-9][a-z0-9_-]*\\*?|\\*)$",
  maxLength: 128,
  description: "An identity's name in lower case; a * at its end stands for any rest.",
};

export const location: TextField = {
  type: "string",
  pattern: "^[a-z0-9]{3,40}$",
  maxLength: 40,
  description: "A region, such as westeurope.",
};

/** An identity's place, as its resource id has it; the names as they were written. */
export function readResourceId(text: string): {
  readonly subscription: string;
  readonly resourceGroup: string;
  readonly name: string;
} {
  const [, , subscription = "", , group = "", , , , name = ""] = text.split("/");
  return { subscription, resourceGroup: group, name };
}

export const resourceIdOf = (
  { subscription, resourceGroup: group }: { readonly subscription: string; readonly resourceGroup: string },
  name: string,
): string => `/subscriptions/${subscription}/resourceGroups/${group}/providers/${type}/${name}`;

/** What a person calls a resource group by: the same for all of its spellings. */
export const groupId = ({
  subscription,
  resourceGroup: group,
}: {
  readonly subscription: string;
  readonly resourceGroup: string;
}): string => `${subscription}/${group}`.toLowerCase();
