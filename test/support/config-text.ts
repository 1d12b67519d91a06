/** Configs as text, with a little in them, and what is wrong with them. */
import assert from "node:assert/strict";
import { PodtrustError } from "../../src/core/base/index.ts";
import { type Config, type ConfigProblem, parseConfig } from "../../src/config/index.ts";

/** The environment in which the configs are read. */
export const env = { HOME: "/home/op" };

/** Reads a config that stands in /etc/podtrust. */
export const parse = (text: string): Promise<Config> => parseConfig(text, "/etc/podtrust/podtrust.yaml", env);

/** All that is wrong with a config. */
export async function problemsOf(text: string): Promise<readonly ConfigProblem[]> {
  try {
    await parse(text);
  } catch (error) {
    assert.ok(error instanceof PodtrustError);
    assert.equal(error.code, "config-invalid");
    return error.detail["problems"] as readonly ConfigProblem[];
  }
  return [];
}

/** The one thing that is wrong with a config. */
export async function oneProblem(text: string): Promise<ConfigProblem> {
  const problems = await problemsOf(text);
  assert.equal(problems.length, 1, JSON.stringify(problems, undefined, 1));
  return problems[0] as ConfigProblem;
}

/** Nothing but what every config has to have. */
export const minimal = "stack: prod\nissuer: https://oidc.example.com\n";

/** A config with these lines of a publisher. */
export const withPublisher = (body: string): string =>
  `${minimal}publisher:\n${body.replaceAll(/^/gmu, "  ")}\n`;

/** How a publisher serves from files of its own. */
export const certificateFiles = "https: {certificateFile: a.crt, keyFile: a.key}";

/** A config with a role of these keys, beside its name. */
export const withRole = (body: string): string =>
  `${minimal}aws:\n  - account: "111122223333"\n    region: eu-central-1\n    roles:\n      - {name: demo, ${body}}\n`;
