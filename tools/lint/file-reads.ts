/**
 * A rule for oxlint: a file with a credential is read by `readCredentialFile` of core/files alone, which judges it by its row
 * of the table. Whoever reads a file in any other way stands in a list, each with what is in the file.
 * `test/gate/credential-rules.test.ts` fails on an entry that reads none.
 */
import { memberOf } from "./members.ts";
import { isListed, type Node, type RuleContext, sourcePath } from "./rule.ts";

/** Files that may read files in which no credential is. */
export const fileReaders: readonly string[] = [
  // Where files are read, and states kept that are podtrust's own.
  "src/core/files/",
  // A file that an option names, by its row where it has one.
  "src/core/command-line/text-file.ts",
  // podtrust's own package, its program, and its signature.
  "src/core/command-line/version.ts",
  "src/providers/host/publisher/release.ts",
  // Configs and what they name: policies, trusts, bindings, settings of pods.
  "src/config/load.ts",
  "src/config/aws/inline-policies.ts",
  "src/config/operator/trust-file.ts",
  "src/cli/options/binding-files.ts",
  "src/cli/manifests/replicas.ts",
  // Certificates, public keys and CAs; private ones beside them go by their rows.
  "src/config/publisher/authorities.ts",
  "src/providers/host/host-key-pin.ts",
  "src/providers/host/login-key.ts",
  "src/providers/openbao/access.ts",
  "src/providers/tls/foreign/certificate-files.ts",
  "src/publisher/manifests/spec-of-config.ts",
  "src/publisher/token-file/renew.ts",
  // A backup: encrypted.
  "src/cli/backup/open.ts",
  // A program, of which a digest is shown; an archive, which is sent on.
  "src/providers/kubernetes/exec-consent.ts",
  "src/providers/host/session.ts",
  // Opened to be written.
  "src/cli/map/file.ts",
  // Another product, whose tokens no cloud and no cluster takes.
  "src/sandbox/",
  // Programs of one file, which import nothing of src/: the PIN's file is checked there.
  "packages/",
];

const modules: ReadonlySet<string> = new Set(["node:fs", "node:fs/promises", "fs", "fs/promises"]);
const reads: ReadonlySet<string> = new Set([
  "readFile",
  "readFileSync",
  "open",
  "openSync",
  "openAsBlob",
  "createReadStream",
  "copyFile",
  "copyFileSync",
  "cp",
  "cpSync",
  "promises",
  "default",
]);
const ours: ReadonlySet<string> = new Set(["readBounded", "readBoundedText", "machineFiles"]);

const message =
  "A file with a credential is read by readCredentialFile of core/files, by its row of the table. Whoever reads others stands in tools/lint/file-reads.ts.";

/** What an import takes, by the name that its module gives it; `default` for all of it. */
const takenName = (specifier: Node): string =>
  specifier.type === "ImportSpecifier" ? (specifier.imported?.name ?? "default") : "default";

export const credentialFileRule = {
  create(context: RuleContext) {
    const path = sourcePath(context.filename);
    if (path === undefined || isListed(fileReaders, path)) return {};
    return {
      ImportDeclaration({ source, specifiers = [] }: Node) {
        const from = String(source?.value);
        const known = modules.has(from) ? reads : from.startsWith(".") ? ours : new Set<string>();
        for (const node of specifiers) if (known.has(takenName(node))) context.report({ node, message });
      },
      ImportExpression(node: Node) {
        const { source } = node as { source?: { value?: unknown } };
        if (modules.has(String(source?.value))) context.report({ node, message });
      },
      MemberExpression(node: Node) {
        if (ours.has(memberOf(node) ?? "")) context.report({ node, message });
      },
      CallExpression(node: Node) {
        const [first] = node.arguments ?? [];
        const isRequire =
          node.callee?.name === "require" || memberOf(node.callee ?? node) === "getBuiltinModule";
        if (isRequire && modules.has(String(first?.value))) context.report({ node, message });
      },
    };
  },
};
