/** What stands in a catalogue of ours: codes, reasons, metrics and commands, without the words that say them. */
import { describe, test } from "node:test";
import type { Argument, Command, Option } from "commander";
import { catalogue, type ErrorCode, PodtrustError } from "../../src/core/base/index.ts";
import type { MetricDefinition } from "../../src/core/admin/index.ts";
import { podtrust } from "../../src/cli/commands.ts";
import { createContext, createProgram } from "../../src/core/command-line/index.ts";
import { type CauseFacts, reasons } from "../../src/core/reasons/index.ts";
import { exitCodeOf } from "../../src/core/terminal/index.ts";
import { operatorMetrics } from "../../src/operator/index.ts";
import { metricCatalogue } from "../../src/publisher/index.ts";
import { asSandboxError } from "../../src/sandbox/errors/errors.ts";
import { signerMetrics } from "../../src/signer/index.ts";
import { podtrustHost } from "../support/cli.ts";
import { golden, linesOf } from "./golden.ts";

const byName = <T>(all: Readonly<Record<string, T>>): (readonly [string, T])[] =>
  Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1));

function errorLine([code]: readonly [string, object]): string {
  const error = new PodtrustError(code as ErrorCode, "");
  return `${code} ${exitCodeOf(error)} ${asSandboxError(error).constructor.name}`;
}

interface ReasonFacts extends Partial<CauseFacts> {
  readonly outcome: string;
  readonly links: readonly string[];
}

function reasonLine([name, { outcome, links, number, verdict, retired }]: readonly [
  string,
  ReasonFacts,
]): string {
  const cause = number === undefined ? [] : [`PT${String(number).padStart(3, "0")}`];
  const more = [verdict ?? [], retired === true ? "retired" : []].flat();
  return [name, outcome, links.join(","), ...cause, ...more].join(" ");
}

const metricLine = ({ name, type, labels }: MetricDefinition): string =>
  [name, type, ...Object.entries(labels).map(([label, values]) => `${label}=[${values}]`)].join(" ");

const metricLines = (all: Readonly<Record<string, MetricDefinition>>): readonly string[] =>
  Object.values(all).map(metricLine);

function valuesOf({ argChoices, defaultValue }: Argument | Option): string {
  const choices = argChoices === undefined ? "" : ` of ${argChoices.join("|")}`;
  return defaultValue === undefined ? choices : `${choices} default ${JSON.stringify(defaultValue)}`;
}

/** A command with what may be typed after it, and those below it. */
function commandLines(command: Command, before: readonly string[]): readonly string[] {
  const names = [...before, command.name()];
  const args = command.registeredArguments.map((one) => {
    const name = one.variadic ? `${one.name()}...` : one.name();
    return `  ${one.required ? `<${name}>` : `[${name}]`}${valuesOf(one)}`;
  });
  const options = command.options.map(
    (one) => `  ${one.flags}${one.mandatory ? " required" : ""}${valuesOf(one)}`,
  );
  return [
    names.join(" "),
    ...args,
    ...options,
    ...command.commands.flatMap((sub) => commandLines(sub, names)),
  ];
}

describe("the golden catalogues have", () => {
  test("every error code with its exit code, and with its class in the library", () => {
    golden("errors.txt", linesOf(byName(catalogue).map(errorLine)));
  });

  test("every reason with its outcome and links, and with the number of a cause", () => {
    golden("reasons.txt", linesOf(byName<ReasonFacts>(reasons).map(reasonLine)));
  });

  test("every metric of publisher, operator and signer with its type and its labels", () => {
    const parts = { publisher: metricCatalogue, operator: operatorMetrics, signer: signerMetrics };
    const lines = Object.entries(parts).flatMap(([part, all]) => [`# ${part}`, ...metricLines(all)]);
    golden("metrics.txt", linesOf(lines));
  });

  test("every command with its arguments, options, choices and defaults, hidden ones too", async () => {
    const switches = { json: false, verbose: false };
    const program = await createProgram(createContext(podtrustHost(), switches), switches, podtrust);
    golden("commands.txt", linesOf(commandLines(program, [])));
  });
});
