import { errorText, type Environment } from "../../core/base/index.ts";
import { readTrust, type Trust } from "../../rules/bindings/index.ts";
import { readBoundedText } from "../../core/files/index.ts";
import { readYaml } from "../../core/yaml/index.ts";
import type { ConfigDocument } from "../mistakes/document.ts";
import { type ConfigProblem, keyText } from "../mistakes/problem.ts";
import { textAt } from "../mistakes/rule.ts";
import { absolutePath } from "../paths.ts";

const path = ["operator", "trust"] as const;
const bounds = { bytes: 256 * 1024, depth: 40, tokens: 150_000 } as const;

/** The trust of the operator's section, and what is wrong with it. */
export interface OperatorTrust {
  readonly problems: readonly ConfigProblem[];
  readonly trust?: Trust;
}

function parsed(text: string): { readonly trust: Trust } | { readonly wrong: readonly string[] } {
  const document = readYaml(text, bounds);
  if ("problems" in document)
    return { wrong: document.problems.map(({ line, message }) => `line ${line}: ${message}`) };
  const read = readTrust(document.value);
  if ("object" in read) return { trust: read.object };
  return { wrong: read.problems.map((one) => `${one.path} ${one.message}`) };
}

/** In what a trust and the config contradict each other. */
function contradictions(document: ConfigDocument, trust: Trust): readonly string[] {
  const [stack, issuer] = [textAt(document, ["stack"]), textAt(document, ["issuer"])];
  return [
    ...(stack === undefined || stack === trust.stack
      ? []
      : [`is of stack ${trust.stack}, and the config of ${stack}`]),
    ...(issuer === undefined || issuer === trust.issuer
      ? []
      : [`is of the issuer ${trust.issuer}, and the config of ${issuer}`]),
  ];
}

/** Reads the file that `operator.trust` names, and checks that it fits the config. */
export async function readOperatorTrust(
  document: ConfigDocument,
  configFile: string,
  env: Environment,
): Promise<OperatorTrust> {
  const name = textAt(document, path);
  if (name === undefined || name === "" || name.includes("\0")) return { problems: [] };
  const where = { key: keyText(path), ...document.positionOf(path) };
  const problem = (message: string): ConfigProblem => ({ ...where, message });
  let text: string;
  try {
    text = await readBoundedText(absolutePath(name, configFile, env), bounds.bytes);
  } catch (error) {
    return { problems: [problem(`${name} cannot be read: ${errorText(error)}`)] };
  }
  const read = parsed(text);
  if ("wrong" in read) return { problems: read.wrong.map((one) => problem(`${name}: ${one}`)) };
  const { trust } = read;
  return { problems: contradictions(document, trust).map((one) => problem(`${name} ${one}`)), trust };
}
