/**
 * A rule for oxlint: nobody reads the environment but the two tables of what podtrust reads, `settings` of core/base and
 * `credentials` of core/credentials. A variable in neither does not compile, so what the page of credentials lists is all.
 * The environment is called `env` wherever it is handed on, so that a reading can be seen.
 * `test/gate/credential-rules.test.ts` fails on an entry of a list that needs none.
 */
import { bare, lastName, takenBy, usesOf } from "./members.ts";
import { type Node, type RuleContext, sourcePath } from "./rule.ts";

/** Files that may name `process.env`; all others get it as a member of a `Host`. */
export const ownEnvironment: readonly string[] = [
  // AWS's SDK reads the process' own, and so the profile that it would take is asked of the same.
  "src/providers/aws/session.ts",
  // A proxy is the process' own, for every client in it: one of a config's would be somebody else's.
  "src/core/http/egress.ts",
  // What a caller leaves out.
  "src/providers/kubernetes/open.ts",
  // A program of its own, which imports nothing of src/.
  "packages/pkcs11/main.mjs",
];

/** Files that may read members of what is called `env`. */
export const environmentReaders: readonly string[] = [
  // The tables' own readers, and what programs get that a person has podtrust run.
  "src/core/base/environment.ts",
  "src/core/base/program-environment.ts",
  "src/core/credentials/variables.ts",
  // A plugin of a kubeconfig gets all of it, as from kubectl: after consent where the kubeconfig is somebody else's.
  "src/providers/kubernetes/exec-plugin.ts",
  // What a kubeconfig or a manifest sets for another process: no environment of ours.
  "src/providers/kubernetes/exec-consent.ts",
  "src/providers/kubernetes/replicas.ts",
  "src/operator/deployment.ts",
  "src/rules/injection/view.ts",
  // The demo's own, made here for its stand-ins.
  "src/demo/parties/make.ts",
  // Another product, with a token of its own that no cloud and no cluster takes.
  "src/sandbox/cli/run.ts",
  // A program of one file, which imports nothing of src/: PODTRUST_PKCS11_PIN_FILE is in its row.
  "packages/pkcs11/main.mjs",
];

const modules = ["node:process", "process"];
const isEnv = (node: Node | null | undefined): boolean => lastName(node) === "env";

/** Whether a node stands for an environment in a type: `Environment`, `NodeJS.ProcessEnv`. */
function isOfEnvironment({ typeAnnotation }: Typed): boolean {
  const named = typeAnnotation?.typeAnnotation?.typeName;
  const name = named?.name ?? named?.right?.name;
  return name === "Environment" || name === "ProcessEnv";
}

/** A node with a type beside it: `typeAnnotation` of a name, in which is another of the type itself. */
interface Typed extends Node {
  readonly typeAnnotation?: Typed;
  readonly typeName?: Node & { readonly right?: Node };
}

const readsAll: ReadonlySet<string> = new Set(["Object", "Reflect", "JSON", "Array"]);

const message =
  "The environment is read by setting() of core/base or credentialVariable() of core/credentials, whose tables list what is read.";
const renamed = "An environment is called env, so that every reading of one can be seen.";

/** What is bound to another name: `{ env: all }`, `const all = context.env`. */
const otherName = (node: Node | null | undefined): boolean => {
  const inside = node?.type === "AssignmentPattern" ? node.left : node;
  return (
    inside !== undefined && inside !== null && lastName(inside) !== "env" && inside.type !== "ObjectPattern"
  );
};

export const environmentRule = {
  create(context: RuleContext) {
    const path = sourcePath(context.filename);
    if (path === undefined) return {};
    const [mayName, mayRead] = [ownEnvironment.includes(path), environmentReaders.includes(path)];
    const report = (node: Node, isWrong: boolean, says = message): void => {
      if (isWrong && !mayRead) context.report({ node, message: says });
    };
    /** A pattern on an environment reads it, and another name hides it. */
    const judgeBinding = (node: Node, to: Node | null | undefined, from: Node | null | undefined): void => {
      report(node, isEnv(from) && to?.type === "ObjectPattern");
      report(node, isEnv(from) && otherName(to), renamed);
    };
    const judgePattern = (pattern: Node): void => {
      for (const [name, member] of takenBy(pattern)) {
        const value = member.value as Node | undefined;
        const inside = value?.type === "AssignmentPattern" ? value.left : value;
        report(member, name === "env" && inside?.type === "ObjectPattern");
        report(member, name === "env" && otherName(value), renamed);
      }
    };
    return {
      Program() {
        for (const { node, member } of usesOf(context, "process", modules))
          if (member === "env" && !mayName) context.report({ node, message });
      },
      ImportDeclaration({ source, specifiers = [] }: Node) {
        for (const node of modules.includes(String(source?.value)) ? specifiers : [])
          if (node.imported?.name === "env" && !mayName) context.report({ node, message });
      },
      MemberExpression(node: Node) {
        report(node, isEnv(node.object));
      },
      SpreadElement(node: Node) {
        report(node, isEnv((node as { argument?: Node }).argument));
      },
      CallExpression(node: Node) {
        const { callee, arguments: given = [] } = node;
        const of = callee === undefined ? undefined : bare(callee);
        const isWhole = of?.type === "MemberExpression" && readsAll.has(of.object?.name ?? "");
        report(node, isWhole && given.some(isEnv));
      },
      BinaryExpression(node: Node) {
        report(node, node.operator === "in" && isEnv(node.right));
      },
      ForInStatement(node: Node) {
        report(node, isEnv(node.right));
      },
      ObjectPattern: judgePattern,
      VariableDeclarator: (node: Node): void => judgeBinding(node, node.id, node.init),
      AssignmentPattern: (node: Node): void => judgeBinding(node, node.left, node.right),
      AssignmentExpression: (node: Node): void => judgeBinding(node, node.left, node.right),
      Identifier(node: Node) {
        report(node, isOfEnvironment(node) && node.name !== "env", renamed);
      },
      TSPropertySignature(node: Node) {
        report(node, isOfEnvironment(node) && node.key?.name !== "env", renamed);
      },
    };
  },
};
