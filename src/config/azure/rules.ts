import type { ConfigDocument } from "../mistakes/document.ts";
import type { KeyPath } from "../mistakes/problem.ts";
import { itemsAt, repeated, repeatedTogether, type ConfigRule } from "../mistakes/rule.ts";

const tenants = (document: ConfigDocument): readonly KeyPath[] => itemsAt(document, ["azure"]);

const identities = (document: ConfigDocument): readonly KeyPath[] =>
  tenants(document).flatMap((path) => itemsAt(document, [...path, "identities"]));

const groupsOnce: ConfigRule = (document) =>
  repeatedTogether(document, tenants(document), ["subscription", "resourceGroup"]);

// Azure Resource Manager compares names without regard to case, and GUIDs have none.
const identitiesOnce: ConfigRule = (document) =>
  tenants(document).flatMap((path) => {
    const own = itemsAt(document, [...path, "identities"]);
    return ["name", "application"].flatMap((key) =>
      repeated(
        document,
        own.map((one) => [...one, key]),
        true,
      ),
    );
  });

// Issuer and subject are one federated credential of an identity.
const membersOnce: ConfigRule = (document) =>
  identities(document).flatMap((path) =>
    repeated(document, itemsAt(document, [...path, "serviceAccounts"]), false),
  );

/** What has to fit together in the tenants of Azure. */
export const azureRules: readonly ConfigRule[] = [groupsOnce, identitiesOnce, membersOnce];
