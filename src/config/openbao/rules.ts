import { isLoopback } from "../../core/http/index.ts";
import type { ConfigDocument } from "../mistakes/document.ts";
import { keyText, type KeyPath, valueText } from "../mistakes/problem.ts";
import { itemsAt, repeated, repeatedTogether, type ConfigRule, textAt } from "../mistakes/rule.ts";

const servers = (document: ConfigDocument): readonly KeyPath[] => itemsAt(document, ["openbao"]);

const mountsOnce: ConfigRule = (document) =>
  repeatedTogether(document, servers(document), ["address", "mount"]);

const rolesOnce: ConfigRule = (document) =>
  servers(document).flatMap((path) =>
    repeated(
      document,
      itemsAt(document, [...path, "roles"]).map((role) => [...role, "name"]),
      false,
    ),
  );

const listsWithoutRepeats: ConfigRule = (document) =>
  servers(document)
    .flatMap((path) => itemsAt(document, [...path, "roles"]))
    .flatMap((role) =>
      ["serviceAccounts", "policies"].flatMap((key) =>
        repeated(document, itemsAt(document, [...role, key]), false),
      ),
    );

// The token that makes the mount, and those that log in by it, go over this connection.
const plainHttpOnLoopback: ConfigRule = (document) =>
  servers(document).flatMap((server) => {
    const path: KeyPath = [...server, "address"];
    const value = textAt(document, path) ?? "";
    if (!value.startsWith("http://") || !URL.canParse(value) || isLoopback(new URL(value).hostname))
      return [];
    const message = "is plain http to another machine, which would show every token that goes there";
    const accepted = "an https URL, or plain http on loopback such as http://127.0.0.1:8200";
    return [{ key: keyText(path), ...document.positionOf(path), value: valueText(value), message, accepted }];
  });

/** What has to fit together in the mounts of OpenBao. */
export const openBaoRules: readonly ConfigRule[] = [
  mountsOnce,
  rolesOnce,
  listsWithoutRepeats,
  plainHttpOnLoopback,
];
