import { stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { defined, errorText, PodtrustError, type Environment } from "../core/base/index.ts";
import { readBounded } from "../core/files/index.ts";
import type { Config } from "./config.ts";
import { type ConfigDocument, maxConfig, parseConfigText } from "./mistakes/document.ts";
import { awsRules } from "./aws/rules.ts";
import { readInlinePolicies } from "./aws/inline-policies.ts";
import { issuerRules } from "./issuer/rules.ts";
import { type IssuerNaming, noNaming } from "./sections/issuer-naming.ts";
import { dnsRules } from "./dns/rules.ts";
import { type ConfigProblem, problemText } from "./mistakes/problem.ts";
import { resolveConfig } from "./resolve.ts";
import type { PartySection } from "./sections/party-section.ts";
import { loadSection, partiesIn } from "./relying-parties.ts";
import { machineRules } from "./machine/rules.ts";
import { publisherRules } from "./publisher/rules.ts";
import type { OperatorTrust } from "./operator/trust-file.ts";
import { valueAt } from "./mistakes/rule.ts";
import { schemaProblems } from "./schema-problems.ts";
import type { ConfigInput } from "./schema.ts";
import { secretProblems } from "./mistakes/secret-problems.ts";

// A longer list does not help; only the number of the rest is reported.
const maxShown = 50;

function invalid(file: string, problems: readonly ConfigProblem[]): PodtrustError {
  const name = basename(file);
  const count = problems.length === 1 ? "a mistake" : `${problems.length} mistakes`;
  const shown = problems.slice(0, maxShown).map((problem) => `\n  ${problemText(name, problem)}`);
  const rest = problems.length > maxShown ? `\n  and ${problems.length - maxShown} more` : "";
  return new PodtrustError("config-invalid", `${name} has ${count}:${shown.join("")}${rest}`, {
    detail: { file, problems: problems.slice(0, maxShown) },
  });
}

/** The secret says it all: what else is wrong with the same key would only repeat that it must go. */
function merged(
  secrets: readonly ConfigProblem[],
  others: readonly ConfigProblem[],
): readonly ConfigProblem[] {
  const keys = new Set(secrets.map((problem) => problem.key));
  return [...secrets, ...others.filter((problem) => !keys.has(problem.key))].sort(
    (a, b) => a.line - b.line || a.column - b.column,
  );
}

/** The operator's trust. What reads it and judges it is loaded by a config that has the section. */
async function operatorIn(document: ConfigDocument, file: string, env: Environment): Promise<OperatorTrust> {
  if (valueAt(document.value, ["operator"]) === undefined) return { problems: [] };
  const { readOperatorTrust } = await import("./operator/trust-file.ts");
  return readOperatorTrust(document, file, env);
}

/** What the door's function of this name does (`open.ts`). */
export async function parseConfig(
  text: string,
  file: string,
  env: Environment,
  naming: IssuerNaming = noNaming,
): Promise<Config> {
  const document = parseConfigText(text);
  if ("problems" in document) throw invalid(file, document.problems);
  if (document.value === null || document.value === undefined) {
    throw invalid(file, [
      { key: "", line: 1, column: 1, message: "is empty", accepted: "stack and issuer at least" },
    ]);
  }
  const inline = await readInlinePolicies(document, file, env);
  const operator = await operatorIn(document, file, env);
  const found = [...inline.problems, ...operator.problems];
  const parties = await Promise.all(partiesIn(document).map(loadSection));
  const problems = merged(secretProblems(document), allProblems(document, parties, found));
  if (problems.length > 0) throw invalid(file, problems);
  const { trust } = operator;
  const source = { file, env, files: inline.files, ...defined({ trust }) };
  return resolveConfig(document.value as ConfigInput, source, { naming, parties });
}

function allProblems(
  document: ConfigDocument,
  parties: readonly PartySection[],
  more: readonly ConfigProblem[],
): readonly ConfigProblem[] {
  const own = [...awsRules, ...machineRules, ...publisherRules, ...dnsRules, ...issuerRules];
  const rules = [...own, ...parties.flatMap((section) => section.rules)];
  return [...schemaProblems(document), ...rules.flatMap((rule) => rule(document)), ...more];
}

async function textOf(file: string): Promise<string> {
  try {
    if (!(await stat(file)).isFile()) throw new Error("it is not a file");
    return new TextDecoder("utf-8", { fatal: true }).decode(await readBounded(file, maxConfig));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      throw new PodtrustError("config-unreadable", `there is no ${basename(file)} in ${dirname(file)}`, {
        cause: error,
        next: "Write one with `podtrust init`, run the command in the folder of podtrust.yaml, or name the config file with -f FILE.",
      });
    }
    throw new PodtrustError("config-unreadable", `${file} cannot be read: ${errorText(error)}`, {
      cause: error,
    });
  }
}

/** What the door's function of this name does (`open.ts`). */
export async function loadConfig(name: string, env: Environment, naming?: IssuerNaming): Promise<Config> {
  const file = resolve(name);
  return parseConfig(await textOf(file), file, env, naming);
}
