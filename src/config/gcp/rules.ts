import { defined, mapped, recordOf } from "../../core/base/index.ts";
import { CelError, celExpression, expressionNames } from "../../rules/gcp/index.ts";
import { parseSubject, relyingParties } from "../../rules/oidc/index.ts";
import type { ConfigDocument } from "../mistakes/document.ts";
import { type ConfigProblem, keyText, type KeyPath, valueText } from "../mistakes/problem.ts";
import { type ConfigRule, itemsAt, repeated, repeatedTogether, textAt, valueAt } from "../mistakes/rule.ts";
import { standardId } from "./standard-id.ts";

const projects = (document: ConfigDocument): readonly KeyPath[] => itemsAt(document, ["gcp"]);

/** Every ServiceAccount that a project names, in any way. */
function members(document: ConfigDocument, project: KeyPath): readonly KeyPath[] {
  const lists = ["serviceAccounts", "direct"].flatMap((key) => itemsAt(document, [...project, key]));
  return lists.flatMap((path) => itemsAt(document, [...path, "serviceAccounts"]));
}

function problem(
  document: ConfigDocument,
  path: KeyPath,
  rest: Pick<ConfigProblem, "message" | "accepted" | "next">,
): ConfigProblem {
  const value = textAt(document, path);
  const shown = defined({ value: mapped(value, valueText) });
  return { key: keyText(path), ...document.positionOf(path), ...shown, ...rest };
}

const poolsOnce: ConfigRule = (document) =>
  repeatedTogether(document, projects(document), ["projectNumber", "pool"]);

const emailsOnce: ConfigRule = (document) =>
  projects(document).flatMap((path) =>
    repeated(
      document,
      itemsAt(document, [...path, "serviceAccounts"]).map((one) => [...one, "email"]),
      false,
    ),
  );

const audiencesOnce: ConfigRule = (document) =>
  projects(document).flatMap((path) => repeated(document, itemsAt(document, [...path, "audiences"]), false));

// A pod has one credential file, which names one service account or none.
const membersOnce: ConfigRule = (document) =>
  projects(document).flatMap((path) => repeated(document, members(document, path), false));

const subjectsFit: ConfigRule = (document) =>
  projects(document).flatMap((path) =>
    members(document, path).flatMap((member) => {
      const [namespace = "", name = ""] = (textAt(document, member) ?? "").split("/");
      const subject = `system:serviceaccount:${namespace}:${name}`;
      const { maxSubjectBytes } = relyingParties.gcp;
      // Names of ServiceAccounts are ASCII: characters are bytes.
      if (parseSubject(subject) === undefined || subject.length <= maxSubjectBytes) return [];
      const message = `is the subject ${subject}, of ${subject.length} bytes, and Google takes ${maxSubjectBytes}`;
      const next = "Give the ServiceAccount or its namespace a shorter name.";
      return [problem(document, member, { message, next })];
    }),
  );

const standardIdsFit: ConfigRule = (document) => {
  const stack = textAt(document, ["stack"]);
  if (stack === undefined || standardId(stack) !== undefined) return [];
  return projects(document).flatMap((path) =>
    ["pool", "provider"].flatMap((key) => {
      if (textAt(document, [...path, key]) !== undefined) return [];
      const message = `is missing, and the stack's name ${stack} is none that Google takes for it`;
      const accepted = "4 to 32 lower-case letters, digits and hyphens, not beginning with gcp-";
      return [problem(document, [...path, key], { message, accepted })];
    }),
  );
};

// Each of the two would remove what the other made.
const membersOfOneMaker: ConfigRule = (document) =>
  projects(document).flatMap((path) => {
    const isBindings = valueAt(document.value, [...path, "bindings"]) === true;
    if (!isBindings || itemsAt(document, [...path, "serviceAccounts"]).length === 0) return [];
    const message =
      "stands beside bindings: true, by which bindings in the cluster make the members of the pool";
    const next = "Give bindings a section of their own, with a pool of their own.";
    return [problem(document, [...path, "serviceAccounts"], { message, next })];
  });

/** What is wrong with an expression, whose value `is no …` for. */
function celProblems(
  document: ConfigDocument,
  path: KeyPath,
  isNo: keyof typeof expressionNames,
): readonly ConfigProblem[] {
  const text = textAt(document, path);
  if (text === undefined || text === "") return [];
  try {
    celExpression(text, expressionNames[isNo]);
    return [];
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    const accepted = `an expression in CEL over ${expressionNames[isNo].join(", ")}`;
    return [problem(document, path, { message: `is no ${isNo}: ${error.message}`, accepted })];
  }
}

const expressionsAreCel: ConfigRule = (document) =>
  projects(document).flatMap((project) => {
    const names = Object.keys(recordOf(valueAt(document.value, [...project, "mapping"])));
    return [
      ...names.flatMap((name) => celProblems(document, [...project, "mapping", name], "mapping")),
      ...celProblems(document, [...project, "condition"], "condition"),
    ];
  });

/** What has to fit together in the projects of Google Cloud. */
export const gcpRules: readonly ConfigRule[] = [
  poolsOnce,
  emailsOnce,
  audiencesOnce,
  membersOnce,
  subjectsFit,
  standardIdsFit,
  membersOfOneMaker,
  expressionsAreCel,
];
